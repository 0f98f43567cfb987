"""What a note says: text to sections, sentences, mentions, assertions, facts with spans; then candidate codes.

Deterministic rules over data in `lexicons/`. Nothing here logs, and no error quotes a note.
"""
