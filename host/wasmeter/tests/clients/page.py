"""A page made by Prometheus' Python library, with one family of each type OpenMetrics has; says where it is, and ends with its input."""

import sys

from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary, start_http_server

registry = CollectorRegistry()

orders = Counter("shop_orders", "Orders taken", ["country"], registry=registry)
orders.labels("at").inc(3, exemplar={"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7", "user": "u-1"})
orders.labels("de").inc(2.5)

Gauge("shop_load", "How much of it is busy", registry=registry, unit="ratio").set(0.25)

latency = Histogram("shop_latency", "Time to answer", unit="seconds", buckets=(0.5, 1, 2.5), registry=registry)
latency.observe(0.25, exemplar={"trace_id": "0af7651916cd43dd8448eb211c80319c"})
latency.observe(2, exemplar={"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"})
latency.observe(30)

size = Summary("shop_size", "Size of orders", unit="bytes", registry=registry)
size.observe(1000)
size.observe(24)

Info("shop_build", "What runs", registry=registry).info({"version": "1.2.3", "commit": "abc\"d"})

state = Enum("shop_state", "What it does", states=["starting", "running", "stopped"], registry=registry)
state.state("running")

server, _ = start_http_server(0, addr="127.0.0.1", registry=registry)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
sys.stdin.read()
