"""What foreign bytes say about themselves; runs inside a child process with limits."""
