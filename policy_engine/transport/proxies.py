"""Which proxy the environment names for an address (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`)."""

from __future__ import annotations

import urllib.request

import httpx


def proxy_for(url: httpx.URL) -> str | None:
    """The address of the proxy that leads to `url`, or None for the straight way."""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(url.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
