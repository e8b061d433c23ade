package dev.holdfast.gateway.loop;

import dev.holdfast.core.CloseReason;
import dev.holdfast.gateway.traffic.ConnectionListener;
import dev.holdfast.liveness.ConnectionObserver;
import dev.holdfast.liveness.WatchedConnection;
import org.jspecify.annotations.Nullable;

/**
 * An observer that reports one HTTP/2 connection to a {@link ConnectionListener} before another
 * observer hears of it. Confined to the event loop of the connection.
 */
public final class ConnectionReporter implements ConnectionObserver {
  private final ConnectionListener listener;
  private final ConnectionListener.ConnectionEnds ends;
  private final ConnectionObserver next;
  private ConnectionListener.@Nullable OpenConnection open;
  private @Nullable String agent;
  private @Nullable WatchedConnection watched;
  private boolean called;
  private volatile boolean suspect;

  ConnectionReporter(
      ConnectionListener listener,
      ConnectionListener.ConnectionEnds ends,
      ConnectionObserver next) {
    this.listener = listener;
    this.ends = ends;
    this.next = next;
  }

  /** Reports the user-agent of the first call; later ones change nothing. */
  public void onCall(@Nullable CharSequence userAgent) {
    if (!called) {
      called = true;
      agent = userAgent == null ? null : userAgent.toString();
      reportAgent();
    }
  }

  /** A client may send its first call with its SETTINGS. */
  private void reportAgent() {
    ConnectionListener.OpenConnection listening = open;
    if (listening != null && agent != null) {
      listening.onAgent(agent);
    }
  }

  /** Whether the first call was reported. Costs one read. */
  public boolean isCalled() {
    return called;
  }

  @Override
  public void onReady(WatchedConnection connection) {
    watched = connection;
    open = listener.onOpened(ends, () -> suspect);
    reportAgent();
    next.onReady(connection);
  }

  @Override
  public void onProven() {
    suspect = false;
    next.onProven();
  }

  @Override
  public void onSuspect(CloseReason why) {
    suspect = true;
    next.onSuspect(why);
  }

  @Override
  public void onClosed(CloseReason why) {
    ConnectionListener.OpenConnection listening = open;
    WatchedConnection known = watched;
    if (listening != null) {
      if (known != null && !known.evidence().isEmpty()) {
        listening.onEvidence(known.evidence());
      }
      listening.onClosed(why);
    }
    next.onClosed(why);
  }

  @Override
  public Throwable failure(CloseReason why, Object subject) {
    return next.failure(why, subject);
  }
}
