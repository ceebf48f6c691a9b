"""The reference as a page for people: made of the OpenAPI page, without scripts."""

from collections.abc import Mapping
from html import escape
from typing import Any


def docs_page(reference: Mapping[str, Any]) -> str:
    """Write the OpenAPI page as HTML."""
    parts = [_operation(path, method, one) for path, method, one in _each(reference)]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(reference['info']['title'])}</title></head><body>"
        f"<h1>{escape(reference['info']['title'])} {escape(reference['info']['version'])}</h1>"
        f"<p>{escape(reference['info']['description'])}</p>"
        '<p>For programs: <a href="/v1/openapi.json">/v1/openapi.json</a></p>'
        f"{''.join(parts)}</body></html>"
    )


def _each(reference: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in reference["paths"].items()
        for method, operation in methods.items()
    ]


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    scopes = ", ".join(operation.get("x-scopes", [])) or "none"
    answers = "".join(
        f"<li>{escape(status)}: {escape(one.get('description', ''))}</li>"
        for status, one in operation["responses"].items()
    )
    return (
        f"<h2>{escape(method.upper())} {escape(path)}</h2>"
        f"<p>{escape(operation.get('description', ''))}</p>"
        f"<p>Scope: {escape(scopes)}</p><ul>{answers}</ul>"
    )
