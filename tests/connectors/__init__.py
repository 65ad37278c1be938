"""Tests of the connectors: recorded answers and bad lines over loopback, the real SDKs in between."""
