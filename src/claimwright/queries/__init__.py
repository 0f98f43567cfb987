"""Questions that do not lead: made from what a claim leaves open, and checked whoever wrote them."""
