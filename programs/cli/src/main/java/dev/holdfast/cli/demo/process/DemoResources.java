package dev.holdfast.cli.demo.process;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The resources that a run has started. They are closed in reverse order exactly once: at the end
 * of the run, or by a shutdown hook on Ctrl-C and SIGTERM.
 *
 * <p>Thread-safe. A resource that is added after {@link #close()} began is closed at once.
 */
public final class DemoResources implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DemoResources.class);

  private final RunDirectory runDirectory;
  private final ScrapeTargets scrapeTargets;
  private final DemoAdmin admin;
  private final Thread mainThread = Thread.currentThread();
  private final Thread hook = new Thread(this::endEarly, "demo-cleanup");
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private boolean closing;

  private DemoResources(RunDirectory runDirectory, ScrapeTargets scrapeTargets, DemoAdmin admin) {
    this.runDirectory = runDirectory;
    this.scrapeTargets = scrapeTargets;
    this.admin = admin;
    owned.push(runDirectory);
  }

  /**
   * Makes the scratch folder and sees to it that nothing outlives this process. The calling thread
   * is interrupted when the run ends early.
   *
   * @param scrapeTargets where the processes of the run add themselves
   */
  public static DemoResources open(ScrapeTargets scrapeTargets) throws IOException {
    RunDirectory runDirectory = RunDirectory.create();
    DemoResources resources =
        new DemoResources(runDirectory, scrapeTargets, DemoAdmin.in(runDirectory.directory()));
    Runtime.getRuntime().addShutdownHook(resources.hook);
    return resources;
  }

  public RunDirectory runDirectory() {
    return runDirectory;
  }

  /** Where the processes of the run add themselves. */
  public ScrapeTargets scrapeTargets() {
    return scrapeTargets;
  }

  /** The admin services of the run's instances. */
  public DemoAdmin admin() {
    return admin;
  }

  /** Distinguishes this run from others in the same registry. */
  public String runId() {
    return Long.toString(ProcessHandle.current().pid(), 36);
  }

  /** Ends the given thing when the run ends. */
  public <T extends AutoCloseable> T own(T thing) {
    synchronized (owned) {
      if (!closing) {
        owned.push(thing);
        return thing;
      }
    }
    closeOne(thing);
    return thing;
  }

  /** Ends everything; a second call waits for the first. */
  @Override
  public void close() {
    closeAll();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      log.debug("event=already_shutting_down", e); // then the hook finds nothing left to do
    }
  }

  private void endEarly() {
    // The story must not report what it sees of its own end.
    mainThread.interrupt();
    closeAll();
  }

  // One lock around it all: the hook must not let the JVM end while the main thread is half way.
  private synchronized void closeAll() {
    synchronized (owned) {
      closing = true;
    }
    for (AutoCloseable thing = next(); thing != null; thing = next()) {
      closeOne(thing);
    }
  }

  private @Nullable AutoCloseable next() {
    synchronized (owned) {
      return owned.poll();
    }
  }

  // Whatever goes wrong with one, the others must be ended too.
  private static void closeOne(AutoCloseable thing) {
    try {
      thing.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      log.warn("event=cleanup_interrupted thing={}", thing, e);
    } catch (Exception e) {
      log.warn("event=cleanup_failed thing={}", thing, e);
    }
  }
}
