// A shop that measures itself with the OpenTelemetry SDK for JavaScript and sends OTLP/JSON over HTTP, driven over stdin
// and stdout. README.md beside this file has the commands, the replies and what may be concluded from them.

import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { join } from 'node:path';

// The packages live outside the source tree; the tests say where.
const require = createRequire(join(process.env.WASMETER_CLIENT_MODULES ?? import.meta.dirname, 'package.json'));
const { ValueType } = require('@opentelemetry/api');
const { AggregationTemporalityPreference, OTLPMetricExporter } = require('@opentelemetry/exporter-metrics-otlp-http');
const { resourceFromAttributes } = require('@opentelemetry/resources');
const { AggregationType, MeterProvider, PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');

// The default boundaries of the specification, which the SDK uses.
const BOUNDS = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];
const METHODS = ['GET', 'POST'];
const STATUSES = [200, 200, 200, 201, 404, 500];
const CPUS = ['0', '1'];

/** A seeded source of random numbers (mulberry32): the same seed repeats the same shop. */
class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  /** From 0 to 1, without 1. */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from `low` to `high`, both included. */
  int(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  choice(list) {
    return list[this.int(0, list.length - 1)];
  }
}

/** What was recorded since the start, counted without the SDK. */
class Totals {
  measurements = 0;
  orders = new Map();
  revenue = 0;
  inFlight = 0;
  duration = new Map();
  payload = { count: 0, sum: 0, min: null, max: null, zero_count: 0 };
  queueDepth = new Map();
  ticks = new Map(CPUS.map((cpu) => [cpu, 0]));

  addOrders(route, method, count) {
    const key = `${route} ${method}`;
    const group = this.orders.get(key) ?? { route, method, value: 0 };
    group.value += count;
    this.orders.set(key, group);
  }

  addDuration(route, method, status, seconds) {
    const key = `${route} ${method} ${status}`;
    const group = this.duration.get(key) ?? {
      route,
      method,
      status,
      status_class: `${Math.floor(status / 100)}xx`,
      count: 0,
      sum: 0,
      bucket_counts: new Array(BOUNDS.length + 1).fill(0),
    };
    group.count += 1;
    group.sum += seconds;
    // An upper bound belongs to its bucket.
    const bucket = BOUNDS.findIndex((bound) => seconds <= bound);
    group.bucket_counts[bucket === -1 ? BOUNDS.length : bucket] += 1;
    this.duration.set(key, group);
  }

  addPayload(bytes) {
    const { payload } = this;
    payload.count += 1;
    payload.sum += bytes;
    payload.min = Math.min(payload.min ?? bytes, bytes);
    payload.max = Math.max(payload.max ?? bytes, bytes);
    payload.zero_count += bytes === 0 ? 1 : 0;
  }

  report() {
    const sorted = (map) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    const groups = sorted(this.duration).map(([, group]) => group);
    const total = (number) => groups.reduce((sum, group) => sum + number(group), 0);
    return structuredClone({
      measurements: this.measurements,
      orders: sorted(this.orders).map(([, group]) => group),
      revenue: this.revenue,
      in_flight: this.inFlight,
      duration: {
        bounds: BOUNDS,
        count: total((group) => group.count),
        sum: total((group) => group.sum),
        bucket_counts: [...BOUNDS, Infinity].map((_, bucket) => total((group) => group.bucket_counts[bucket])),
        groups,
      },
      payload: this.payload,
      queue_depth: Object.fromEntries(sorted(this.queueDepth)),
      ticks: Object.fromEntries(this.ticks),
    });
  }
}

/** The instruments, and one random request after the other. */
class Shop {
  constructor(meter, args) {
    const INT = { valueType: ValueType.INT };
    this.random = new Random(args.seed);
    this.totals = new Totals();
    this.args = args;
    this.orders = meter.createCounter('shop.orders', { ...INT, unit: '{order}', description: 'Orders taken' });
    this.revenue = meter.createCounter('shop.revenue', { unit: 'EUR', description: 'Money taken' });
    this.inFlight = meter.createUpDownCounter('shop.in_flight', { ...INT, description: 'Requests being served' });
    this.duration = meter.createHistogram('http.server.request.duration', {
      unit: 's',
      description: 'Duration of HTTP server requests',
    });
    this.payload = meter.createHistogram('shop.payload', { unit: 'By', description: 'Size of request bodies' });
    meter
      .createObservableGauge('shop.queue.depth', { ...INT, description: 'Orders waiting' })
      .addCallback((result) =>
        this.totals.queueDepth.forEach((depth, shard) => result.observe(depth, { 'queue.shard': shard })),
      );
    meter
      .createObservableCounter('shop.cpu.ticks', { ...INT, unit: '{tick}', description: 'Ticks used' })
      .addCallback((result) => this.totals.ticks.forEach((ticks, cpu) => result.observe(ticks, { cpu })));
  }

  request() {
    const { random, totals, args } = this;
    const [route, ids] = random.choice([
      ['/orders/{id}', args.ids],
      ['/users/{id}/cart', Math.max(1, Math.floor(args.ids / 2))],
      ['/health', 1],
    ]);
    const path = route.replace('{id}', String(random.int(0, ids - 1)));
    const method = random.choice(METHODS);
    const status = random.choice(STATUSES);
    totals.measurements += 1;

    const count = random.int(1, 3);
    this.orders.add(count, { 'url.path': path, method });
    totals.addOrders(route, method, count);

    // Quarters, 1024ths and whole bytes add up exactly in doubles, in any order.
    const money = random.int(0, 400) * 0.25;
    this.revenue.add(money);
    totals.revenue += money;

    const change = random.int(-2, 2);
    this.inFlight.add(change);
    totals.inFlight += change;

    const onBound = random.next() < 0.1;
    const seconds = onBound ? random.choice(BOUNDS) : random.int(0, 1024 * 2 ** random.int(0, 13)) / 1024;
    const labels = { 'url.path': path, 'http.request.method': method, 'http.response.status_code': status };
    this.duration.record(seconds, labels);
    totals.addDuration(route, method, status, seconds);

    const bytes = random.next() < 0.05 ? 0 : random.int(1, 2 ** random.int(1, 20));
    this.payload.record(bytes);
    totals.addPayload(bytes);

    totals.queueDepth.set(String(random.int(0, args.shards - 1)), random.int(0, 1000));
    const cpu = random.choice(CPUS);
    totals.ticks.set(cpu, totals.ticks.get(cpu) + random.int(1, 5));
  }
}

/** Remembers how the last export that has ended did; the reader hides it. The next may have begun by then. */
class WatchedExporter extends OTLPMetricExporter {
  last = null;

  export(metrics, callback) {
    super.export(metrics, (result) => {
      this.last = result.code === 0;
      if (result.error) console.error(`export: ${result.error.message}`);
      callback(result);
    });
  }
}

function readArgs() {
  const text = { type: 'string' };
  const { values } = parseArgs({
    options: {
      protocol: { ...text, default: 'http/json' },
      endpoint: text,
      service: text,
      instance: text,
      seed: { ...text, default: '1' },
      'interval-ms': { ...text, default: '1000' },
      'timeout-ms': { ...text, default: '10000' },
      temporality: { ...text, default: 'cumulative' },
      ids: { ...text, default: '100' },
      shards: { ...text, default: '64' },
    },
  });
  for (const name of ['endpoint', 'service', 'instance']) {
    if (!values[name]) throw new Error(`--${name} is required`);
  }
  if (values.protocol !== 'http/json') throw new Error(`found --protocol ${values.protocol}, expected http/json`);
  const preference = { cumulative: 'CUMULATIVE', delta: 'DELTA' }[values.temporality];
  if (!preference) throw new Error(`found --temporality ${values.temporality}, expected cumulative or delta`);
  const numbers = ['seed', 'interval-ms', 'timeout-ms', 'ids', 'shards'].map((name) => [name, Number(values[name])]);
  return { ...values, ...Object.fromEntries(numbers), preference: AggregationTemporalityPreference[preference] };
}

const args = readArgs();
const exporter = new WatchedExporter({
  url: `${args.endpoint.replace(/\/$/, '')}/v1/metrics`,
  timeoutMillis: args['timeout-ms'],
  temporalityPreference: args.preference,
});
// 0 is "only when told to"; a day is as good, and timers take no more than 24 of them.
const exportIntervalMillis = args['interval-ms'] || 24 * 3600 * 1000;
const reader = new PeriodicExportingMetricReader({
  exporter,
  exportIntervalMillis,
  exportTimeoutMillis: Math.min(exportIntervalMillis, args['timeout-ms']),
});
const provider = new MeterProvider({
  resource: resourceFromAttributes({
    'service.name': args.service,
    'service.instance.id': args.instance,
    'process.pid': process.pid,
  }),
  readers: [reader],
  views: [{ instrumentName: 'shop.payload', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
});
const shop = new Shop(provider.getMeter('shop', '1.0'), args);
let flushed = null;

function reply(ok, more = {}) {
  const answer = { ok, totals: shop.totals.report(), recorded_at_flush: flushed, ...more };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

/** Runs what exports; tells whether the data arrived. */
async function exported(run) {
  const recorded = shop.totals.report();
  exporter.last = null;
  try {
    await run();
  } catch (error) {
    console.error(`${error.message}`);
    return false;
  }
  if (exporter.last) flushed = recorded;
  return exporter.last === true;
}

reply(true, { ready: true, pid: process.pid });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const command = JSON.parse(line);
    if (command.do === 'round') {
      for (let n = 0; n < command.measurements; n += 1) shop.request();
      reply(true);
    } else if (command.do === 'flush') {
      reply(await exported(() => provider.forceFlush({ timeoutMillis: args['timeout-ms'] })));
    } else if (command.do === 'totals') {
      reply(true);
    } else if (command.do === 'die') {
      process.exit(1);
    } else if (command.do === 'exit') {
      break;
    } else {
      reply(false, { error: `found command ${command.do}, expected round, flush, totals, exit or die` });
    }
  } catch (error) {
    reply(false, { error: error.message });
  }
}
reply(await exported(() => provider.shutdown({ timeoutMillis: args['timeout-ms'] })), { exit: true });
// The input may still be open, which would keep the process alive; the write is done by the time of the callback.
process.stdout.write('', () => process.exit(0));
