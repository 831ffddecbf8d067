//! What a collection exports, grouped as frames have it.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use wasmeter_model::{Resource, Scope};

use crate::filter::Verdict;
use crate::stream::{Entities, Stream};
use crate::summaries::Passing;

/// A metric to be exported.
pub(super) enum Member {
    /// What the reader's filter says of it, and how many places it has.
    Stream(Arc<Stream>, Verdict, usize),
    Summary(Passing),
}

/// A resource of which something is exported.
pub(super) struct Owner {
    pub(super) resource: Arc<Resource>,
    /// What any of it was told last.
    pub(super) entities: Entities,
}

/// A metric and what it belongs to: those of one resource or scope have the very same.
pub(super) struct Piece {
    pub(super) owner: Arc<Owner>,
    pub(super) scope: Arc<Scope>,
    pub(super) member: Member,
}

/// Streams and behind them summaries, by resource and scope, each in order of first appearance.
pub(super) fn grouped(streams: Vec<(Member, Entities)>, summaries: Vec<Passing>) -> Vec<Piece> {
    let mut groups = Groups::default();
    for (member, entities) in streams {
        groups.add(member, &entities);
    }
    for summary in summaries {
        let entities = summary.entities().clone();
        groups.add(Member::Summary(summary), &entities);
    }
    groups.into_pieces()
}

/// What of a resource is exported.
struct Group {
    owner: Owner,
    scopes: Vec<(Arc<Scope>, Vec<Member>)>,
}

#[derive(Default)]
struct Groups {
    in_order: Vec<Group>,
    resources: HashMap<Arc<Resource>, usize, RandomState>,
    scopes: HashMap<(usize, Arc<Scope>), usize, RandomState>,
}

impl Groups {
    fn add(&mut self, member: Member, entities: &Entities) {
        let (resource, scope) = match &member {
            Member::Stream(stream, ..) => (stream.key.resource.clone(), stream.key.scope.clone()),
            Member::Summary(summary) => summary.owner(),
        };
        let at = *self.resources.entry(resource).or_insert_with_key(|resource| {
            let owner = Owner { resource: resource.clone(), entities: Entities::default() };
            self.in_order.push(Group { owner, scopes: Vec::new() });
            self.in_order.len() - 1
        });
        let Group { owner, scopes } = &mut self.in_order[at];
        owner.entities.hear_all(entities);
        let place = *self.scopes.entry((at, scope)).or_insert_with_key(|(_, scope)| {
            scopes.push((scope.clone(), Vec::new()));
            scopes.len() - 1
        });
        scopes[place].1.push(member);
    }

    fn into_pieces(self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for Group { owner, scopes } in self.in_order {
            let owner = Arc::new(owner);
            for (scope, members) in scopes {
                let piece = |member| Piece { owner: owner.clone(), scope: scope.clone(), member };
                pieces.extend(members.into_iter().map(piece));
            }
        }
        pieces
    }
}
