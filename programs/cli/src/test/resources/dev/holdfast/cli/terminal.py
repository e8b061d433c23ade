"""A person at a terminal: terminal.py TEXT COMMAND...

Runs the command on a terminal of its own, presses Ctrl-C when TEXT has appeared, copies what the
command prints to standard output and ends with its code.
"""
import os
import pty
import sys

text = sys.argv[1].encode()
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen = b""
pressed = False
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:  # what Linux says when the last process has left the terminal
        break
    if not piece:
        break
    seen += piece
    if text in seen and not pressed:
        pressed = True
        os.write(terminal, b"\x03")
sys.stdout.buffer.write(seen)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
