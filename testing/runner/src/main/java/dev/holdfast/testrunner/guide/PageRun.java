package dev.holdfast.testrunner.guide;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The run of a page in a folder, step by step, as a reader would follow it. Used by one thread;
 * {@link #close()} may be called by any.
 */
final class PageRun implements AutoCloseable {
  private final GuidePage page;
  private final Path folder;
  private final Map<String, String> environment;
  private final Duration limit;
  private final PrintStream transcript;
  private final Map<String, TerminalSession> sessions = new ConcurrentHashMap<>();

  /**
   * A run that has not begun.
   *
   * @param folder an empty folder, in which every terminal is opened
   * @param environment the variables of the terminals, all of them
   * @param limit of each wait for output or the end of a command
   */
  PageRun(
      GuidePage page,
      Path folder,
      Map<String, String> environment,
      Duration limit,
      PrintStream transcript) {
    this.page = page;
    this.folder = folder;
    this.environment = Map.copyOf(environment);
    this.limit = limit;
    this.transcript = transcript;
  }

  /**
   * Does all steps.
   *
   * @throws PageFailure when a step does not come out as the page says
   */
  void run() throws PageFailure, IOException, InterruptedException {
    for (PageStep step : page.steps()) {
      if (step instanceof PageStep.WriteFile file) {
        write(file);
      } else if (step instanceof PageStep.TypeCommand command) {
        session(command.terminal()).type(command);
      } else if (step instanceof PageStep.AwaitOutput output) {
        session(output.terminal()).await(output);
      } else if (step instanceof PageStep.PressInterrupt interrupt) {
        session(interrupt.terminal()).interrupt(interrupt);
      }
    }
    for (TerminalSession session : sessions.values()) {
      session.finish();
    }
  }

  private void write(PageStep.WriteFile file) throws IOException {
    Path path = folder.resolve(file.path());
    Files.createDirectories(path.getParent() == null ? folder : path.getParent());
    Files.writeString(path, file.text());
    transcript.println("file | " + file.path());
  }

  private TerminalSession session(String name) throws IOException {
    TerminalSession session = sessions.get(name);
    if (session == null) {
      Terminal terminal = Terminal.open(name, folder, environment);
      session = new TerminalSession(name, terminal, limit, transcript);
      sessions.put(name, session);
    }
    return session;
  }

  /** Closes all terminals and ends what runs in them. */
  @Override
  public void close() throws InterruptedException {
    for (TerminalSession session : sessions.values()) {
      session.close();
    }
  }
}
