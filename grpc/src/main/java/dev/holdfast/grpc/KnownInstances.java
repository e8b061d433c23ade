package dev.holdfast.grpc;

import io.grpc.ConnectivityState;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.SynchronizationContext;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints of a channel by their addresses, for calls that are for one of them. Only endpoints
 * of one address: which one of several a connection reaches, nobody chooses.
 */
final class KnownInstances {
  private static final PickResult CONNECTING =
      PickResult.withNoResult("connecting", "holdfast: the call is for an instance not connected");

  private volatile Map<String, EndpointPair> pairs = Map.of();

  /** Whether the policy in use has it, as host:port. Any thread. */
  boolean has(String address) {
    return pairs.containsKey(canonical(address));
  }

  /** For a policy, which has the say until there is another one. */
  View in(SynchronizationContext context) {
    View view = new View(context);
    pairs = view.own;
    return view;
  }

  /** What one policy has. */
  static final class View {
    private final Map<String, EndpointPair> own = new ConcurrentHashMap<>();
    private final SynchronizationContext context;

    private View(SynchronizationContext context) {
      this.context = context;
    }

    void add(EndpointPair pair) {
      String address = addressOf(pair);
      if (address != null) {
        own.put(address, pair);
      }
    }

    void remove(EndpointPair pair) {
      String address = addressOf(pair);
      if (address != null) {
        own.remove(address, pair);
      }
    }

    /** The connection to this instance, or waiting for it; null when it can't be had. */
    @Nullable PickResult pick(@Nullable String address) {
      EndpointPair pair = address == null ? null : own.get(canonical(address));
      if (pair == null || pair.isShown(ConnectivityState.TRANSIENT_FAILURE)) {
        return null;
      }
      if (pair.isShown(ConnectivityState.READY)) {
        return PickResult.withSubchannel(pair);
      }
      if (pair.isShown(ConnectivityState.IDLE)) {
        context.execute(pair::requestConnection);
      }
      return CONNECTING;
    }
  }

  private static @Nullable String addressOf(EndpointPair pair) {
    if (pair.getAllAddresses().size() != 1) {
      return null;
    }
    EquivalentAddressGroup group = pair.getAllAddresses().get(0);
    if (group.getAddresses().size() != 1) {
      return null;
    }
    SocketAddress only = group.getAddresses().get(0);
    return only instanceof InetSocketAddress inet
        ? canonical(inet.getHostString() + ":" + inet.getPort())
        : null;
  }

  /** IPv6 has many spellings. */
  private static String canonical(String address) {
    int colon = address.lastIndexOf(':');
    String host = colon < 0 ? address : address.substring(0, colon).replaceAll("[\\[\\]]", "");
    if (host.indexOf(':') < 0) {
      return address.toLowerCase(Locale.ROOT);
    }
    try {
      // A literal: nobody is asked.
      return InetAddress.getByName(host).getHostAddress() + address.substring(colon);
    } catch (UnknownHostException e) {
      return address;
    }
  }
}
