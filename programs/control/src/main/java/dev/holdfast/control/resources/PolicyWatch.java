package dev.holdfast.control.resources;

import dev.holdfast.yaml.FileWatch;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The watch of a policy file. A file with an invalid policy is refused with the reason, and the
 * previous policy stays in force. The same holds for a file that was deleted or became empty.
 *
 * <p>{@link FileWatch} says when the file is read. Listeners are called on its thread.
 */
final class PolicyWatch implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PolicyWatch.class);

  private final FileWatch file;

  /** The listener of a watch, called on the watch's thread. */
  public interface PolicyListener {
    /** A new policy is in force from now on. */
    void onPolicy(Policy policy);

    /**
     * The file's new content was refused for the given reason; the previous policy stays in force.
     */
    void onRefused(String reason);
  }

  private PolicyWatch(FileWatch file) {
    this.file = file;
  }

  /**
   * Reads the policy, passes it to the listener and starts to watch the file.
   *
   * @throws IOException when the file can't be read
   * @throws PolicyException when the policy is invalid: a start fails at once
   */
  public static PolicyWatch start(Path path, PolicyListener policyListener) throws IOException {
    String text = new PolicyFile(path).text();
    policyListener.onPolicy(PolicyYaml.parse(path.toString(), text));
    return new PolicyWatch(FileWatch.start(path, text, new TextListener(path, policyListener)));
  }

  /** Ends the watch; no listener is called afterwards. */
  @Override
  public void close() {
    file.close();
  }

  private record TextListener(Path path, PolicyListener policyListener)
      implements FileWatch.FileTextListener {
    @Override
    public void onText(String text) {
      Policy policy = PolicyYaml.parse(path.toString(), text);
      log.info("event=policy_accepted file={} services={}", path, policy.services().size());
      try {
        policyListener.onPolicy(policy);
      } catch (RuntimeException e) {
        // The policy is in force all the same.
        log.error("event=policy_listener_failed file={}", path, e);
      }
    }

    @Override
    public void onRejected(String reason) {
      log.warn("event=policy_refused file={} reason=\"{}\"", path, reason.replace('\n', ' '));
      policyListener.onRefused(reason);
    }

    @Override
    public String emptyText() {
      return "services: {} to say that there is no policy";
    }
  }
}
