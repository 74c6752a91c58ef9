"""How events travel: two readers behind one port, the relay between them, cursors."""
