"""A real browser (Debian's Chromium, driven by Playwright) in front of the real command `claimwright serve`."""
