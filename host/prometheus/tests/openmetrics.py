"""Reads a JSON list of pages and prints one of the same length: what the Python client's parser finds wrong, or null."""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def verdict(page):
    try:
        for _ in text_string_to_metric_families(page):
            pass
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


pages = json.load(sys.stdin)
json.dump([verdict(page) for page in pages], sys.stdout)
