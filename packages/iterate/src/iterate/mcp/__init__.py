"""Servers of tools that speak MCP. The SDK is imported in a child of the server alone, `child.py`."""
