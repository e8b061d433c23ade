package dev.holdfast.control.resources;

import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The watch of a policy file. A file with an invalid policy is refused with the reason, and the
 * previous policy stays in force. The same holds for a file that was deleted or became empty.
 *
 * <p>A file that was renamed into place is read at once. A file that is written in place is read
 * when its stamp is the same twice, so that half a file is never taken for a policy.
 *
 * <p>The watch has a thread of its own, on which listeners are called; a file system that hangs
 * delays nothing else.
 */
public final class PolicyWatch implements AutoCloseable {
  /** Pause between two checks of the file. */
  @Limit(of = "pause between two checks of a policy file", then = "it is looked at again")
  public static final Duration POLL = Duration.ofMillis(200);

  @Limit(
      of = "time after which a policy file is read although it seems unchanged",
      then = "it is read")
  private static final Duration REREAD = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(PolicyWatch.class);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final PolicyFile file;
  private final Path path;
  private final PolicyListener policyListener;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  private String accepted;
  private @Nullable String refused;
  private @Nullable Stamp believed;
  private @Nullable Stamp lastSeen;
  private long readNanos;

  /** The listener of a watch, called on the watch's thread. */
  public interface PolicyListener {
    /** A new policy is in force from now on. */
    void onPolicy(Policy policy);

    /**
     * The file's new content was refused for the given reason; the previous policy stays in force.
     */
    void onRefused(String reason);
  }

  /** The attributes that tell two states of a file apart without reading it. */
  private record Stamp(long modifiedMillis, long nanos, long size, @Nullable Object key) {
    static Stamp of(Path path) throws IOException {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      return new Stamp(
          attributes.lastModifiedTime().toMillis(),
          attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS),
          attributes.size(),
          attributes.fileKey());
    }

    boolean isRenamedOver(Stamp other) {
      return key != null && !key.equals(other.key);
    }
  }

  private PolicyWatch(
      Path path, String accepted, @Nullable Stamp believed, PolicyListener policyListener) {
    this.file = new PolicyFile(path);
    this.path = path;
    this.accepted = accepted;
    this.believed = believed;
    this.lastSeen = believed;
    this.policyListener = policyListener;
    this.readNanos = System.nanoTime();
    thread = new Thread(this::run, "holdfast-policy");
    thread.setDaemon(true);
  }

  /**
   * Reads the policy, passes it to the listener and starts to watch the file.
   *
   * @throws IOException when the file can't be read
   * @throws PolicyException when the policy is invalid: a start fails at once
   */
  public static PolicyWatch start(Path path, PolicyListener policyListener) throws IOException {
    Stamp stamp = Stamp.of(path);
    String text = new PolicyFile(path).text();
    policyListener.onPolicy(PolicyYaml.parse(path.toString(), text));
    PolicyWatch watch = new PolicyWatch(path, text, stamp, policyListener);
    watch.thread.start();
    return watch;
  }

  /** Ends the watch; no listener is called afterwards. */
  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join(PATIENCE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (!closed.await(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
        lookOnce();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A listener that throws must not end the watch. */
  private void lookOnce() {
    try {
      look();
    } catch (RuntimeException e) {
      log.error("event=policy_listener_failed file={}", path, e);
    }
  }

  private void look() {
    try {
      Stamp stamp = Stamp.of(path);
      boolean settled =
          lastSeen != null && (stamp.equals(lastSeen) || stamp.isRenamedOver(lastSeen));
      boolean due = System.nanoTime() - readNanos > REREAD.toNanos();
      lastSeen = stamp;
      if (settled && (due || !stamp.equals(believed))) {
        readNanos = System.nanoTime();
        String text = file.text();
        if (stamp.equals(Stamp.of(path))) {
          believed = stamp;
          take(text);
        }
      }
    } catch (IOException e) {
      lastSeen = null;
      refuse(path + ": can't be read: " + e);
    } catch (PolicyException e) {
      refuse(String.valueOf(e.getMessage()));
    }
  }

  private void take(String text) {
    if (text.equals(accepted)) {
      // Back to what counts: there is nothing left that is refused.
      refused = null;
      return;
    }
    if (text.isBlank() && !accepted.isBlank()) {
      refuse(path + ":1: an empty file (expected: services: {} to say that there is no policy)");
      return;
    }
    Policy policy = PolicyYaml.parse(path.toString(), text);
    accepted = text;
    refused = null;
    log.info("event=policy_accepted file={} services={}", path, policy.services().size());
    policyListener.onPolicy(policy);
  }

  private void refuse(String reason) {
    if (reason.equals(refused)) {
      return;
    }
    refused = reason;
    log.warn("event=policy_refused file={} reason=\"{}\"", path, reason.replace('\n', ' '));
    policyListener.onRefused(reason);
  }
}
