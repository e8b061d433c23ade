package dev.holdfast.grpc.internal.pairing;

import dev.holdfast.grpc.internal.resolver.ResolverAttributes;
import dev.holdfast.grpc.internal.version.WaitingPick;
import dev.holdfast.hooks.StreamLoad;
import io.grpc.ConnectivityState;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.SynchronizationContext;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints of a channel by address, for calls that must reach a given instance. Contains only
 * endpoints with a single address, because nobody chooses which of several a connection reaches.
 *
 * <p>An endpoint is found by IP address and by host name, because an instance may announce either.
 * A name that several endpoints share finds none.
 */
public final class InstanceIndex {
  private static final PickResult CONNECTING =
      WaitingPick.of("connecting", "holdfast: the call is for an instance not connected");

  private volatile Map<String, List<PairedSubchannel>> pairs = Map.of();

  /** Whether the policy in use has it, as host:port. Any thread. */
  public boolean has(String address) {
    return only(pairs, address) != null;
  }

  /**
   * The instance that a stream of another one should move to, as host:port; see {@code
   * ChannelHooks}. Any thread.
   */
  public Optional<String> lessLoaded(String leaving, boolean refused) {
    if (leaving.isEmpty()) {
      return Optional.empty();
    }
    PairedSubchannel from = only(pairs, leaving);
    List<InstanceChoice.Candidate> ready = new ArrayList<>();
    for (PairedSubchannel pair : distinct(pairs)) {
      if (pair == from || pair.isShown(ConnectivityState.READY)) {
        ready.add(candidateOf(pair, pair == from));
      }
    }
    // An instance that is not in the list any more keeps nobody.
    boolean leaves = refused || from == null;
    return InstanceChoice.of(ready, leaves, ThreadLocalRandom.current())
        .map(InstanceChoice.Candidate::address);
  }

  private static Set<PairedSubchannel> distinct(Map<String, List<PairedSubchannel>> pairs) {
    Set<PairedSubchannel> single = new LinkedHashSet<>();
    pairs
        .values()
        .forEach(
            known -> {
              if (known.size() == 1) {
                single.add(known.get(0));
              }
            });
    return single;
  }

  private static InstanceChoice.Candidate candidateOf(PairedSubchannel pair, boolean present) {
    // No type here: grpc's load balancers have an Endpoint of their own.
    var endpoint = pair.getAllAddresses().get(0).getAttributes().get(ResolverAttributes.ENDPOINT);
    return new InstanceChoice.Candidate(
        anyAddressOf(pair),
        endpoint == null ? 1 : endpoint.weight(),
        endpoint == null ? Optional.empty() : StreamLoad.of(endpoint),
        present);
  }

  private static String anyAddressOf(PairedSubchannel pair) {
    return addressesOf(pair).iterator().next();
  }

  /** Creates the view of a policy, which replaces that of the previous policy. */
  PolicyInstances in(SynchronizationContext context) {
    PolicyInstances policyInstances = new PolicyInstances(context);
    pairs = policyInstances.own;
    return policyInstances;
  }

  /** The endpoints of one policy. */
  static final class PolicyInstances {
    private final Map<String, List<PairedSubchannel>> own = new ConcurrentHashMap<>();
    private final SynchronizationContext context;

    private PolicyInstances(SynchronizationContext context) {
      this.context = context;
    }

    void add(PairedSubchannel pair) {
      for (String address : addressesOf(pair)) {
        own.merge(address, List.of(pair), PolicyInstances::both);
      }
    }

    void remove(PairedSubchannel pair) {
      for (String address : addressesOf(pair)) {
        own.computeIfPresent(address, (unused, known) -> without(known, pair));
      }
    }

    private static List<PairedSubchannel> both(
        List<PairedSubchannel> some, List<PairedSubchannel> others) {
      return Stream.concat(some.stream(), others.stream()).toList();
    }

    private static @Nullable List<PairedSubchannel> without(
        List<PairedSubchannel> all, PairedSubchannel one) {
      List<PairedSubchannel> others = all.stream().filter(pair -> pair != one).toList();
      return others.isEmpty() ? null : others;
    }

    /** The connection to this instance, or waiting for it; null when it can't be had. */
    @Nullable PickResult pick(@Nullable String address) {
      PairedSubchannel pair = address == null ? null : only(own, address);
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

  private static @Nullable PairedSubchannel only(
      Map<String, List<PairedSubchannel>> pairs, String address) {
    List<PairedSubchannel> known = pairs.getOrDefault(canonical(address), List.of());
    return known.size() == 1 ? known.get(0) : null;
  }

  private static Set<String> addressesOf(PairedSubchannel pair) {
    if (pair.getAllAddresses().size() != 1) {
      return Set.of();
    }
    EquivalentAddressGroup group = pair.getAllAddresses().get(0);
    if (group.getAddresses().size() != 1
        || !(group.getAddresses().get(0) instanceof InetSocketAddress inet)) {
      return Set.of();
    }
    Set<String> addresses = new HashSet<>();
    addresses.add(canonical(inet.getHostString() + ":" + inet.getPort()));
    if (!inet.isUnresolved()) {
      addresses.add(canonical(inet.getAddress().getHostAddress() + ":" + inet.getPort()));
    }
    return addresses;
  }

  /** Returns the canonical text of an address, because IPv6 addresses have many spellings. */
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
