package dev.holdfast.grpc.internal.pairing;

import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.grpc.util.ForwardingLoadBalancer;
import io.grpc.util.ForwardingLoadBalancerHelper;
import org.jspecify.annotations.Nullable;

/**
 * A load balancer that wraps any policy. Each of its subchannels becomes an {@link
 * PairedSubchannel}, and its pickers pass through a {@link LivenessCheck}.
 *
 * <p>It stands around the outermost policy of a channel, so that the policies inside each other
 * (outlier detection around round_robin, a tree that xDS names) all see one endpoint as one.
 */
final class PairingLoadBalancer extends ForwardingLoadBalancer {
  /** Seen by the policies inside: what they create is paired already. */
  private static final NameResolver.Args.Key<Boolean> PAIRED =
      NameResolver.Args.Key.create("dev.holdfast.grpc.paired");

  private final LoadBalancer delegate;

  private PairingLoadBalancer(LoadBalancer delegate) {
    this.delegate = delegate;
  }

  /** A policy of this provider; with pairs when the channel wants them and has none yet. */
  static LoadBalancer around(LoadBalancerProvider provider, LoadBalancer.Helper helper) {
    NameResolver.Args args = argsOf(helper);
    PairingContext pairing = args == null ? null : args.getArg(PairingContext.ARGUMENT);
    if (args == null || pairing == null || args.getArg(PAIRED) != null) {
      return provider.newLoadBalancer(helper);
    }
    NameResolver.Args paired = args.toBuilder().setArg(PAIRED, true).build();
    return new PairingLoadBalancer(
        provider.newLoadBalancer(new PairedView(helper, pairing, paired)));
  }

  @Override
  protected LoadBalancer delegate() {
    return delegate;
  }

  /** The base class has this not forwarded, so that an empty list would never arrive. */
  @Override
  public Status acceptResolvedAddresses(ResolvedAddresses resolved) {
    return delegate.acceptResolvedAddresses(resolved);
  }

  private static NameResolver.@Nullable Args argsOf(LoadBalancer.Helper helper) {
    try {
      return helper.getNameResolverArgs();
    } catch (UnsupportedOperationException e) {
      // Optional by its contract: not a channel of ours.
      return null;
    }
  }

  private static final class PairedView extends ForwardingLoadBalancerHelper {
    private final LoadBalancer.Helper channel;
    private final PairingContext pairing;
    private final NameResolver.Args args;
    private final LivenessCheck livenessCheck;

    PairedView(LoadBalancer.Helper channel, PairingContext pairing, NameResolver.Args args) {
      this.channel = channel;
      this.pairing = pairing;
      this.args = args;
      this.livenessCheck = new LivenessCheck(channel, pairing.nanoClock(), pairing.instances());
    }

    @Override
    protected LoadBalancer.Helper delegate() {
      return channel;
    }

    @Override
    public LoadBalancer.Subchannel createSubchannel(LoadBalancer.CreateSubchannelArgs asked) {
      return new PairedSubchannel(channel, asked, pairing, livenessCheck);
    }

    @Override
    public void updateBalancingState(
        ConnectivityState state, LoadBalancer.SubchannelPicker picker) {
      livenessCheck.publish(state, picker);
    }

    @Override
    public NameResolver.Args getNameResolverArgs() {
      return args;
    }
  }
}
