//! Whether the page says exactly what the shop has recorded.

use anyhow::{bail, ensure};

use super::page::Page;
use super::shop::{Recorded, Shop};
use super::{Host, ORDERS, REQUESTS, thousands};

const CARTS: &str = "shop_carts";

/// The shop and the page at a moment without traffic.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    recorded: Recorded,
    on_page: Recorded,
}

impl Mark {
    /// Stops the traffic, which stays stopped, and reads both.
    pub(super) fn take(shop: &mut Shop, host: &Host) -> anyhow::Result<(Self, Page)> {
        let recorded = shop.pause()?;
        let page = host.page()?;
        let on_page =
            Recorded { orders: page.sum(ORDERS)?, requests: page.sum(REQUESTS)?, carts: page.sum(CARTS)? };
        Ok((Self { recorded, on_page }, page))
    }

    /// Prints what came between two marks, as the shop and as the page have it.
    ///
    /// # Errors
    ///
    /// They differ.
    pub(super) fn compare(self, later: Self) -> anyhow::Result<()> {
        let rows = [
            (
                "orders",
                later.recorded.orders - self.recorded.orders,
                later.on_page.orders - self.on_page.orders,
            ),
            (
                "requests",
                later.recorded.requests - self.recorded.requests,
                later.on_page.requests - self.on_page.requests,
            ),
            // What is open now, not what was opened: compared as it is.
            ("open carts", later.recorded.carts, later.on_page.carts),
        ];
        println!();
        println!("     {:<12}{:>12}{:>14}", "", "recorded", "on the page");
        let mut wrong = Vec::new();
        for (what, recorded, on_page) in rows {
            let verdict = if recorded == on_page { "exact" } else { "WRONG" };
            println!("     {what:<12}{:>12}{:>14}   {verdict}", thousands(recorded), thousands(on_page));
            if recorded != on_page {
                wrong.push(what);
            }
        }
        println!();
        ensure!(rows.iter().take(2).all(|row| row.1 > 0), "there was no traffic to compare");
        if !wrong.is_empty() {
            bail!("the page differs from what the shop recorded: {}", wrong.join(", "));
        }
        Ok(())
    }
}

/// Checks that every series of the totals is still there and has not fallen.
pub(super) fn not_fallen(before: &Page, after: &Page) -> anyhow::Result<()> {
    for name in [ORDERS, REQUESTS] {
        for old in before.of(name) {
            match after.of(name).find(|new| new.labels == old.labels) {
                Some(new) if new.value >= old.value => {}
                Some(new) => bail!("{name}{:?} fell from {} to {}", old.labels, old.text, new.text),
                None => bail!("{name}{:?} has gone from the page", old.labels),
            }
        }
    }
    Ok(())
}
