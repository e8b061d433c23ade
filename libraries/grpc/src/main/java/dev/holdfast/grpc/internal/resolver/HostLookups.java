package dev.holdfast.grpc.internal.resolver;

import dev.holdfast.core.annotation.Limit;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Concurrent DNS lookups of one channel: a silent name server for one name does not delay the
 * others. Confined to the channel's SynchronizationContext; lookups block on another executor.
 */
final class HostLookups {
  @Limit(
      of = "names of hosts that a channel looks up at once",
      then = "further ones wait for their turn")
  static final int AT_ONCE = 16;

  private static final Logger log = LoggerFactory.getLogger(HostLookups.class);

  private final EndpointAddressResolver.HostResolver hostResolver;
  private final Executor offload;
  private final Executor context;
  private final HostLookupListener hostLookupListener;
  private final Set<String> unanswered = new HashSet<>();
  private final Queue<String> waiting = new ArrayDeque<>();
  private int underWay;

  /** Is told on the context what was found. */
  interface HostLookupListener {
    /**
     * The answer for one name.
     *
     * @param addresses null when it could not be looked up
     */
    void onAnswer(String name, @Nullable List<InetAddress> addresses);
  }

  /**
   * Creates the lookups of one channel.
   *
   * @param offload the executor on which lookups block
   * @param context the executor that delivers the answers
   */
  HostLookups(
      EndpointAddressResolver.HostResolver hostResolver,
      Executor offload,
      Executor context,
      HostLookupListener hostLookupListener) {
    this.hostResolver = hostResolver;
    this.offload = offload;
    this.context = context;
    this.hostLookupListener = hostLookupListener;
  }

  /** Looks these up, but for those that have no answer yet from before. */
  void ask(Collection<String> names) {
    for (String name : names) {
      if (unanswered.add(name)) {
        waiting.add(name);
      }
    }
    startMore();
  }

  boolean isUnderWay() {
    return !unanswered.isEmpty();
  }

  boolean isUnanswered(String name) {
    return unanswered.contains(name);
  }

  private void startMore() {
    while (underWay < AT_ONCE && !waiting.isEmpty()) {
      underWay++;
      String name = waiting.remove();
      Runnable task =
          () -> {
            List<InetAddress> found = lookUpNow(name);
            context.execute(() -> onAnswer(name, found));
          };
      try {
        offload.execute(task);
      } catch (RejectedExecutionException e) {
        // The application has closed its executor before its channel.
        ForkJoinPool.commonPool().execute(task);
      }
    }
  }

  private void onAnswer(String name, @Nullable List<InetAddress> found) {
    underWay--;
    unanswered.remove(name);
    startMore();
    hostLookupListener.onAnswer(name, found);
  }

  /** Whatever the resolver of the machine throws, there is an answer, so that it is asked again. */
  private @Nullable List<InetAddress> lookUpNow(String name) {
    try {
      return List.of(hostResolver.byName(name));
    } catch (UnknownHostException e) {
      log.warn("event=host_lookup_failed host={}", name);
    } catch (RuntimeException e) {
      log.warn("event=host_lookup_failed host={}", name, e);
    }
    return null;
  }
}
