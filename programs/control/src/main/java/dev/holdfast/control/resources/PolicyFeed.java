package dev.holdfast.control.resources;

import dev.holdfast.control.xds.ResourceBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The resources of a control plane under the policy of a file, or under none: the builder to start
 * with, and each one after it as the file changes.
 */
public final class PolicyFeed implements AutoCloseable {
  private final PolicyMeters meters;
  private final @Nullable PolicyWatch watch;

  // Guarded by this.
  private ResourceBuilder builder;
  private @Nullable Consumer<ResourceBuilder> user;

  private PolicyFeed(Optional<Path> file, PolicyMeters meters) throws IOException {
    this.meters = meters;
    builder = new PolicyResources(Policy.NONE, meters::unservable);
    watch = file.isPresent() ? PolicyWatch.start(file.get(), new Follower()) : null;
  }

  /**
   * Reads the policy and begins to follow its file.
   *
   * @param file the policy; all services have the default one without
   * @param meters count what is refused
   * @throws IOException when the file can't be read
   * @throws PolicyException when it makes no sense: a control plane that began without the policy
   *     would send calls elsewhere than the one before it
   */
  public static PolicyFeed open(Optional<Path> file, PolicyMeters meters) throws IOException {
    return new PolicyFeed(file, meters);
  }

  /** The builder for the current policy. */
  public synchronized ResourceBuilder builder() {
    return builder;
  }

  /** Passes the current builder to a consumer at once, and each later one as the policy changes. */
  public synchronized void follow(Consumer<ResourceBuilder> next) {
    user = next;
    next.accept(builder);
  }

  /** Ends the following of the file. */
  @Override
  public void close() {
    if (watch != null) {
      watch.close();
    }
  }

  private synchronized void use(Policy policy) {
    builder = new PolicyResources(policy, meters::unservable);
    if (user != null) {
      user.accept(builder);
    }
  }

  private final class Follower implements PolicyWatch.PolicyListener {
    @Override
    public void onPolicy(Policy policy) {
      meters.policy(true);
      use(policy);
    }

    @Override
    public void onRefused(String reason) {
      meters.policy(false);
    }
  }
}
