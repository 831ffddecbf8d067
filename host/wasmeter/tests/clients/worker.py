"""A shop that measures itself with the OpenTelemetry SDK for Python, driven over stdin and stdout.

README.md beside this file has the commands, the replies and what may be concluded from them.
"""

import argparse
import bisect
import copy
import json
import os
import random
import sys
import threading

# A proxy of the environment must not stand between a test and its loopback server.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost,::1"

from opentelemetry.metrics import Observation
from opentelemetry.sdk import metrics as sdk
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExportResult,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource

# The default boundaries of the specification, which the SDK uses.
BOUNDS = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000]
# How many requests have whole amounts only.
FIRST_WHOLE = 50
METHODS = ["GET", "POST"]
STATUSES = [200, 200, 200, 201, 404, 500]
CPUS = ["0", "1"]


class Totals:
    """What was recorded since the start, counted without the SDK."""

    def __init__(self):
        self.measurements = 0
        self.orders = {}
        self.revenue = 0.0
        self.in_flight = 0
        self.duration = {}
        self.payload = {"count": 0, "sum": 0, "min": None, "max": None, "zero_count": 0}
        self.queue_depth = {}
        self.ticks = {cpu: 0 for cpu in CPUS}

    def add_duration(self, key, value):
        group = self.duration.setdefault(key, {"count": 0, "sum": 0.0, "bucket_counts": [0] * (len(BOUNDS) + 1)})
        group["count"] += 1
        group["sum"] += value
        # An upper bound belongs to its bucket.
        group["bucket_counts"][bisect.bisect_left(BOUNDS, value)] += 1

    def add_payload(self, value):
        payload = self.payload
        payload["count"] += 1
        payload["sum"] += value
        payload["min"] = value if payload["min"] is None else min(payload["min"], value)
        payload["max"] = value if payload["max"] is None else max(payload["max"], value)
        payload["zero_count"] += value == 0

    def report(self):
        groups = [
            {"route": route, "method": method, "status": status, "status_class": f"{status // 100}xx", **group}
            for (route, method, status), group in sorted(self.duration.items())
        ]
        return copy.deepcopy({
            "measurements": self.measurements,
            "orders": [
                {"route": route, "method": method, "value": value}
                for (route, method), value in sorted(self.orders.items())
            ],
            "revenue": self.revenue,
            "in_flight": self.in_flight,
            "duration": {
                "bounds": BOUNDS,
                "count": sum(group["count"] for group in groups),
                "sum": sum(group["sum"] for group in groups),
                "bucket_counts": [sum(counts) for counts in zip(*(group["bucket_counts"] for group in groups))]
                or [0] * (len(BOUNDS) + 1),
                "groups": groups,
            },
            "payload": self.payload,
            "queue_depth": dict(sorted(self.queue_depth.items())),
            "ticks": self.ticks,
        })


class Shop:
    """The instruments, and one random request after the other."""

    def __init__(self, meter, args):
        self.random = random.Random(args.seed)
        self.totals = Totals()
        self.args = args
        self.orders = meter.create_counter("shop.orders", unit="{order}", description="Orders taken")
        self.revenue = meter.create_counter("shop.revenue", unit="EUR", description="Money taken")
        self.in_flight = meter.create_up_down_counter("shop.in_flight", description="Requests being served")
        self.duration = meter.create_histogram(
            "http.server.request.duration", unit="s", description="Duration of HTTP server requests"
        )
        self.payload = meter.create_histogram("shop.payload", unit="By", description="Size of request bodies")
        # The SDK calls back on its own thread while requests are recorded, hence the copies.
        meter.create_observable_gauge(
            "shop.queue.depth",
            [lambda _: [Observation(n, {"queue.shard": s}) for s, n in list(self.totals.queue_depth.items())]],
            description="Orders waiting",
        )
        meter.create_observable_counter(
            "shop.cpu.ticks",
            [lambda _: [Observation(n, {"cpu": cpu}) for cpu, n in list(self.totals.ticks.items())]],
            unit="{tick}",
            description="Ticks used",
        )

    def request(self):
        random, totals = self.random, self.totals
        route, ids = random.choice([
            ("/orders/{id}", self.args.ids),
            ("/users/{id}/cart", max(1, self.args.ids // 2)),
            ("/health", 1),
        ])
        path = route.replace("{id}", str(random.randrange(ids)))
        method, status = random.choice(METHODS), random.choice(STATUSES)
        totals.measurements += 1

        count = random.randint(1, 3)
        self.orders.add(count, {"url.path": path, "method": method})
        totals.orders[route, method] = totals.orders.get((route, method), 0) + count

        # Quarters, 1024ths and whole bytes add up exactly in doubles, in any order.
        money = random.randint(0, 400) * 0.25
        # Whole amounts as integers, as programs do: the SDK then sends the total as an integer until the first fraction.
        if totals.measurements <= FIRST_WHOLE:
            money = float(int(money))
        self.revenue.add(int(money) if money.is_integer() else money)
        totals.revenue += money

        change = random.randint(-2, 2)
        self.in_flight.add(change)
        totals.in_flight += change

        on_bound = random.random() < 0.1
        seconds = float(random.choice(BOUNDS)) if on_bound else random.randint(0, 1024 << random.randint(0, 13)) / 1024
        labels = {"url.path": path, "http.request.method": method, "http.response.status_code": status}
        self.duration.record(seconds, labels)
        totals.add_duration((route, method, status), seconds)

        size = 0 if random.random() < 0.05 else random.randint(1, 1 << random.randint(1, 20))
        self.payload.record(size)
        totals.add_payload(size)

        totals.queue_depth[str(random.randrange(self.args.shards))] = random.randint(0, 1000)
        totals.ticks[random.choice(CPUS)] += random.randint(1, 5)


def watched(base):
    """The exporter class `base`, which also remembers how exports ended: neither flush nor shutdown of the SDK tells.

    By thread: a flush exports on its caller's, and the next periodic export may begin before the caller has looked.
    """

    class Watched(base):
        ended = {}

        def export(self, *args, **kwargs):
            thread = threading.get_ident()
            self.ended.pop(thread, None)
            self.ended[thread] = super().export(*args, **kwargs)
            return self.ended[thread]

    return Watched


def make_exporter(args):
    options = {"timeout": args.timeout_ms / 1000}
    if args.temporality == "delta":
        delta = [sdk.Counter, sdk.ObservableCounter, sdk.Histogram]
        options["preferred_temporality"] = {kind: AggregationTemporality.DELTA for kind in delta}
    if args.protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter

        insecure = not args.endpoint.startswith("https:")
        return watched(OTLPMetricExporter)(endpoint=args.endpoint, insecure=insecure, **options)
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    return watched(OTLPMetricExporter)(endpoint=args.endpoint.rstrip("/") + "/v1/metrics", **options)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--protocol", choices=["grpc", "http/protobuf"], required=True)
    parser.add_argument("--endpoint", required=True, help="http://host:port")
    parser.add_argument("--service", required=True, help="service.name")
    parser.add_argument("--instance", required=True, help="service.instance.id")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--interval-ms", type=int, default=1000, help="0: only when told to flush, and on exit")
    parser.add_argument("--timeout-ms", type=int, default=10_000, help="of one export with its retries")
    parser.add_argument("--temporality", choices=["cumulative", "delta"], default="cumulative")
    parser.add_argument("--ids", type=int, default=100, help="how many different ids paths have")
    parser.add_argument("--shards", type=int, default=64, help="how many different values queue.shard has")
    return parser.parse_args()


def main():
    args = parse_args()
    exporter = make_exporter(args)
    # An SDK without interval would not export on shutdown either.
    interval_ms = args.interval_ms or 24 * 3600 * 1000
    reader = PeriodicExportingMetricReader(exporter, interval_ms, args.timeout_ms)
    resource = Resource.create({
        "service.name": args.service,
        "service.instance.id": args.instance,
        "process.pid": os.getpid(),
    })
    view = View(instrument_name="shop.payload", aggregation=ExponentialBucketHistogramAggregation())
    provider = sdk.MeterProvider([reader], resource, shutdown_on_exit=False, views=[view])
    shop = Shop(provider.get_meter("shop", "1.0"), args)
    flushed = None

    def reply(ok, **more):
        answer = {"ok": ok, "totals": shop.totals.report(), "recorded_at_flush": flushed, **more}
        print(json.dumps(answer), flush=True)

    def export():
        nonlocal flushed
        recorded = shop.totals.report()
        exporter.ended.clear()
        try:
            done = provider.force_flush(args.timeout_ms)
        except Exception as error:
            print(f"force_flush: {error}", file=sys.stderr)
            done = False
        ok = done and exporter.ended.get(threading.get_ident()) is MetricExportResult.SUCCESS
        flushed = recorded if ok else flushed
        return ok

    reply(True, ready=True, pid=os.getpid())
    for line in sys.stdin:
        try:
            command = json.loads(line)
            do = command["do"]
            if do == "round":
                for _ in range(int(command["measurements"])):
                    shop.request()
                reply(True)
            elif do == "flush":
                reply(export())
            elif do == "totals":
                reply(True)
            elif do == "die":
                os._exit(1)
            elif do == "exit":
                break
            else:
                reply(False, error=f"found command {do!r}, expected round, flush, totals, exit or die")
        except (ValueError, KeyError, TypeError) as error:
            reply(False, error=f"{type(error).__name__}: {error}")
    recorded = shop.totals.report()
    exporter.ended.clear()
    # The SDK's own thread makes the last export, and has ended then.
    provider.shutdown(args.timeout_ms)
    ok = list(exporter.ended.values()) == [MetricExportResult.SUCCESS]
    flushed = recorded if ok else flushed
    reply(ok, exit=True)


if __name__ == "__main__":
    main()
