"""A person who is asked for a password: password.py PROMPT PASSWORD LINE

Runs the line of a shell on a terminal of its own, types the password each time that the prompt has
appeared and the terminal has ceased to show what is typed, copies what the terminal showed to
standard output and ends with the line's code.
"""
import os
import pty
import select
import sys
import termios

prompt, password = (word.encode() for word in sys.argv[1:3])
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("sh", ["sh", "-c", sys.argv[3]])


def shows_what_is_typed():
    return termios.tcgetattr(terminal)[3] & termios.ECHO


seen = b""
typed = 0
while True:
    if select.select([terminal], [], [], 0.02)[0]:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # what Linux says when the last process has left the terminal
            break
        if not piece:
            break
        seen += piece
        sys.stdout.buffer.write(piece)
        sys.stdout.flush()
    if seen.count(prompt) > typed and not shows_what_is_typed():
        typed += 1
        os.write(terminal, password + b"\n")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
