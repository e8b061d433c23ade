package dev.holdfast.grpc;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.grpc.internal.balancer.HoldfastLoadBalancerConfig;
import dev.holdfast.grpc.internal.resolver.ResolverAttributes;
import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.ChannelLogger;
import io.grpc.ConnectivityState;
import io.grpc.ConnectivityStateInfo;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancer.CreateSubchannelArgs;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.ResolvedAddresses;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.LoadBalancer.SubchannelStateListener;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/** What a policy sees of a channel, with connections that the test opens and breaks. */
public final class FakeChannel extends LoadBalancer.Helper {
  public final VirtualScheduler time = new VirtualScheduler();
  public final List<FakeSubchannel> subchannels = new ArrayList<>();
  @Nullable public ConnectivityState state;
  @Nullable SubchannelPicker picker;
  public int pickersPublished;

  private final VirtualTimers timers = new VirtualTimers(time);
  private final SynchronizationContext context =
      new SynchronizationContext(
          (thread, problem) -> {
            throw new AssertionError(problem);
          });

  /** The addresses of endpoints, as the resolver hands them over. */
  public static List<EquivalentAddressGroup> groups(Endpoint... endpoints) {
    List<EquivalentAddressGroup> groups = new ArrayList<>();
    for (Endpoint endpoint : endpoints) {
      groups.add(
          new EquivalentAddressGroup(
              address(endpoint.address()),
              Attributes.newBuilder().set(ResolverAttributes.ENDPOINT, endpoint).build()));
    }
    return groups;
  }

  public static SocketAddress address(HostPort address) {
    try {
      return new InetSocketAddress(InetAddress.getByName(address.host()), address.port());
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  public void resolve(
      LoadBalancer policy, HoldfastLoadBalancerConfig options, Endpoint... endpoints) {
    resolve(policy, options, List.of(), endpoints);
  }

  public void resolve(
      LoadBalancer policy,
      HoldfastLoadBalancerConfig options,
      List<Endpoint> reserve,
      Endpoint... endpoints) {
    Attributes attributes =
        Attributes.newBuilder()
            .set(ResolverAttributes.SUBJECT, "memory:///words")
            .set(ResolverAttributes.DRAINING, groups(reserve.toArray(new Endpoint[0])))
            .build();
    context.execute(
        () ->
            policy.acceptResolvedAddresses(
                ResolvedAddresses.newBuilder()
                    .setAddresses(groups(endpoints))
                    .setAttributes(attributes)
                    .setLoadBalancingPolicyConfig(options)
                    .build()));
  }

  public void fail(LoadBalancer policy, Status status) {
    context.execute(() -> policy.handleNameResolutionError(status));
  }

  /** The newest connection to an address. */
  public FakeSubchannel to(String address) {
    for (int i = subchannels.size() - 1; i >= 0; i--) {
      if (subchannels.get(i).address.equals(address)) {
        return subchannels.get(i);
      }
    }
    throw new AssertionError("no connection to " + address + " in " + subchannels);
  }

  public void ready(String... addresses) {
    for (String address : addresses) {
      to(address).become(ConnectivityState.CONNECTING);
      to(address).become(ConnectivityState.READY);
    }
  }

  /** Where the next calls go, and how many each gets. */
  public Map<String, Integer> pick(int calls) {
    Map<String, Integer> counts = new TreeMap<>();
    for (String address : order(calls)) {
      counts.merge(address, 1, Integer::sum);
    }
    return counts;
  }

  public List<String> order(int calls) {
    List<String> order = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      order.add(name(pick(CallOptions.DEFAULT)));
    }
    return order;
  }

  public PickResult pick(CallOptions options) {
    if (picker == null) {
      throw new AssertionError("no picker yet");
    }
    return picker.pickSubchannel(new Args(options));
  }

  public static String name(PickResult result) {
    Subchannel picked = result.getSubchannel();
    // As grpc does, which thus gets through every wrapper.
    return picked != null && picked.getInternalSubchannel() instanceof FakeSubchannel subchannel
        ? subchannel.address
        : result.getStatus().isOk() ? "wait" : result.getStatus().getCode().name();
  }

  @Override
  public Subchannel createSubchannel(CreateSubchannelArgs args) {
    FakeSubchannel subchannel = new FakeSubchannel(args);
    subchannels.add(subchannel);
    return subchannel;
  }

  @Override
  public void updateBalancingState(ConnectivityState newState, SubchannelPicker newPicker) {
    state = newState;
    picker = newPicker;
    pickersPublished++;
  }

  @Override
  public void refreshNameResolution() {}

  @Override
  public SynchronizationContext getSynchronizationContext() {
    return context;
  }

  @Override
  public ScheduledExecutorService getScheduledExecutorService() {
    return timers;
  }

  @Override
  public String getAuthority() {
    return "words";
  }

  @Override
  public ChannelLogger getChannelLogger() {
    throw new UnsupportedOperationException();
  }

  @Override
  public ManagedChannel createOobChannel(EquivalentAddressGroup group, String authority) {
    throw new UnsupportedOperationException();
  }

  /** One connection. */
  public final class FakeSubchannel extends Subchannel {
    final String address;
    private final Attributes attributes;
    private List<EquivalentAddressGroup> groups;
    private @Nullable SubchannelStateListener listener;
    public int connectionRequests;
    public boolean shutdown;

    FakeSubchannel(CreateSubchannelArgs args) {
      this.attributes = args.getAttributes();
      this.groups = args.getAddresses();
      InetSocketAddress first = (InetSocketAddress) groups.get(0).getAddresses().get(0);
      this.address = first.getAddress().getHostAddress() + ":" + first.getPort();
    }

    public void become(ConnectivityState newState) {
      become(
          newState == ConnectivityState.TRANSIENT_FAILURE
              ? ConnectivityStateInfo.forTransientFailure(
                  Status.UNAVAILABLE.withDescription("refused by " + address))
              : ConnectivityStateInfo.forNonError(newState));
    }

    void become(ConnectivityStateInfo info) {
      SubchannelStateListener told = listener;
      if (told == null) {
        throw new AssertionError("not started: " + this);
      }
      context.execute(() -> told.onSubchannelState(info));
    }

    @Override
    public void start(SubchannelStateListener newListener) {
      if (listener != null) {
        throw new AssertionError("started twice: " + this);
      }
      listener = newListener;
    }

    @Override
    public void requestConnection() {
      connectionRequests++;
    }

    @Override
    public void shutdown() {
      shutdown = true;
    }

    @Override
    public void updateAddresses(List<EquivalentAddressGroup> newGroups) {
      groups = newGroups;
    }

    @Override
    public List<EquivalentAddressGroup> getAllAddresses() {
      return groups;
    }

    @Override
    public Attributes getAttributes() {
      return attributes;
    }

    @Override
    public Attributes getConnectedAddressAttributes() {
      return groups.get(0).getAttributes();
    }

    @Override
    public Object getInternalSubchannel() {
      return this;
    }

    @Override
    public String toString() {
      return address + (shutdown ? "(shut down)" : "");
    }
  }

  private static final class Args extends PickSubchannelArgs {
    private final CallOptions options;

    Args(CallOptions options) {
      this.options = options;
    }

    @Override
    public CallOptions getCallOptions() {
      return options;
    }

    @Override
    public Metadata getHeaders() {
      return new Metadata();
    }

    @Override
    public MethodDescriptor<?, ?> getMethodDescriptor() {
      return WordsService.GET;
    }
  }
}
