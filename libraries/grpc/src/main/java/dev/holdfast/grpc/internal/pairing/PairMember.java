package dev.holdfast.grpc.internal.pairing;

import dev.holdfast.core.CloseReason;
import dev.holdfast.core.Subscription;
import dev.holdfast.hooks.CallConnectionListener;
import dev.holdfast.liveness.ConnectionObserver;
import dev.holdfast.liveness.WatchedConnection;
import io.grpc.Attributes;
import io.grpc.ConnectivityState;
import io.grpc.ConnectivityStateInfo;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.CreateSubchannelArgs;
import io.grpc.LoadBalancer.Helper;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A subchannel of an {@link PairedSubchannel}, with its current connection.
 *
 * <p>The addresses of the subchannel carry the member as an attribute, through which the pipeline
 * of each of its connections finds the member. The listener hears of a connection in the channel's
 * SynchronizationContext, and only while that connection is the member's latest.
 */
public final class PairMember {
  /** The attribute on every address that this member connects to. */
  public static final Attributes.Key<PairMember> KEY =
      Attributes.Key.create("dev.holdfast.grpc.pair-member");

  /** A listener for the events of a member. Called in the SynchronizationContext. */
  interface PairMemberListener {
    void onState(PairMember pairMember, ConnectivityStateInfo state);

    void onSuspect(PairMember pairMember, CloseReason why);

    void onProven(PairMember pairMember);

    void onClosed(PairMember pairMember, CloseReason why);
  }

  private final SynchronizationContext context;
  private final LongSupplier nanoClock;
  private final PairMemberListener pairMemberListener;
  private final Subchannel subchannel;
  private ConnectivityStateInfo state = ConnectivityStateInfo.forNonError(ConnectivityState.IDLE);
  private long connectingSinceNanos;
  private long handshakeNanos;
  private Runnable gone = () -> {};
  private final Set<CallConnectionListener> watches = ConcurrentHashMap.newKeySet(0);
  private volatile @Nullable WatchedConnection connection;
  private volatile long firstReadNanos;

  PairMember(
      Helper helper,
      CreateSubchannelArgs template,
      List<EquivalentAddressGroup> groups,
      LongSupplier nanoClock,
      PairMemberListener pairMemberListener) {
    this.context = helper.getSynchronizationContext();
    this.nanoClock = nanoClock;
    this.pairMemberListener = pairMemberListener;
    this.subchannel =
        helper.createSubchannel(template.toBuilder().setAddresses(marked(groups)).build());
  }

  void start() {
    subchannel.start(this::handleState);
  }

  /**
   * Shuts down the subchannel of this member.
   *
   * @param whenGone called in the SynchronizationContext, once the subchannel connects no more
   */
  void shutdown(Runnable whenGone) {
    gone = whenGone;
    subchannel.shutdown();
  }

  Subchannel subchannel() {
    return subchannel;
  }

  /** The last connectivity state that gRPC reported. */
  ConnectivityStateInfo state() {
    return state;
  }

  /** The connection in use; null before the first, and when nobody watches. Any thread. */
  @Nullable WatchedConnection connection() {
    return connection;
  }

  /**
   * The duration of the last connect, from the first packet to READY: at least one round trip; 0
   * before.
   */
  long handshakeNanos() {
    return handshakeNanos;
  }

  /** Whether anything came on its connection after the peer's SETTINGS. */
  boolean hasReceived() {
    WatchedConnection ready = connection;
    return ready != null && ready.lastReadNanos() - firstReadNanos > 0;
  }

  /** The address of the current connection, when the list still has it; else the whole list. */
  List<EquivalentAddressGroup> pinned(List<EquivalentAddressGroup> addresses) {
    WatchedConnection connected = connection;
    if (connected != null) {
      SocketAddress remote = connected.remoteAddress();
      for (EquivalentAddressGroup group : addresses) {
        if (group.getAddresses().contains(remote)) {
          return List.of(new EquivalentAddressGroup(remote, group.getAttributes()));
        }
      }
    }
    return addresses;
  }

  /** A stream on this member hears of its connection, until it is told enough. Any thread. */
  Subscription watch(CallConnectionListener watch) {
    watches.add(watch);
    return () -> watches.remove(watch);
  }

  void updateAddresses(List<EquivalentAddressGroup> groups) {
    subchannel.updateAddresses(marked(groups));
  }

  /** Creates the observer of a new connection of this member. Called on its event loop. */
  public ConnectionObserver observe() {
    return new Watch();
  }

  /**
   * The close reason as UNAVAILABLE; without a status gRPC would report that the network closed for
   * an unknown reason.
   */
  public static Throwable unavailable(CloseReason why, Object subject) {
    return Status.UNAVAILABLE.withDescription(why.describe(subject)).asRuntimeException();
  }

  private void handleState(ConnectivityStateInfo newState) {
    if (newState.getState() == ConnectivityState.CONNECTING) {
      connectingSinceNanos = nanoClock.getAsLong();
    } else if (newState.getState() == ConnectivityState.READY) {
      handshakeNanos = nanoClock.getAsLong() - connectingSinceNanos;
    } else if (newState.getState() == ConnectivityState.SHUTDOWN) {
      gone.run();
    }
    boolean leaves =
        state.getState() == ConnectivityState.READY
            && newState.getState() != ConnectivityState.READY
            && connection != null;
    state = newState;
    pairMemberListener.onState(this, newState);
    if (leaves) {
      // After a GOAWAY, or because a replacement took over: its streams stay, and may move.
      watches.forEach(CallConnectionListener::onDraining);
    }
  }

  private List<EquivalentAddressGroup> marked(List<EquivalentAddressGroup> groups) {
    List<EquivalentAddressGroup> marked = new ArrayList<>(groups.size());
    for (EquivalentAddressGroup group : groups) {
      marked.add(
          new EquivalentAddressGroup(
              group.getAddresses(), group.getAttributes().toBuilder().set(KEY, this).build()));
    }
    return marked;
  }

  @Override
  public String toString() {
    return "PairMember{" + subchannel + ", " + state.getState() + "}";
  }

  /** The observer of one connection; muted by a later connection of the same member. */
  private final class Watch implements ConnectionObserver {
    private @Nullable WatchedConnection own;

    @Override
    public void onReady(WatchedConnection ready) {
      own = ready;
      firstReadNanos = ready.lastReadNanos();
      connection = ready;
    }

    @Override
    public void onProven() {
      pass(() -> pairMemberListener.onProven(PairMember.this));
    }

    @Override
    public void onSuspect(CloseReason why) {
      pass(
          () -> {
            pairMemberListener.onSuspect(PairMember.this, why);
            watches.forEach(watch -> watch.onSuspect(why));
          });
    }

    @Override
    public void onClosed(CloseReason why) {
      WatchedConnection closed = own;
      if (closed != null && connection == closed) {
        connection = null;
        context.execute(() -> pairMemberListener.onClosed(PairMember.this, why));
      }
    }

    @Override
    public Throwable failure(CloseReason why, Object subject) {
      return unavailable(why, subject);
    }

    private void pass(Runnable event) {
      WatchedConnection speaker = own;
      if (speaker != null) {
        context.execute(
            () -> {
              if (connection == speaker) {
                event.run();
              }
            });
      }
    }
  }
}
