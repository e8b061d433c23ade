package dev.holdfast.grpc.internal.pairing;

import dev.holdfast.core.Subscription;
import dev.holdfast.hooks.CallConnectionListener;
import io.grpc.CallOptions;
import io.grpc.ClientStreamTracer;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.util.ForwardingClientStreamTracer;
import org.jspecify.annotations.Nullable;

/**
 * The pick options of resumable streams: a required instance, and a watch on the chosen connection.
 */
public final class StreamPickOptions {
  /** The instance that a call is for, as host:port. */
  public static final CallOptions.Key<@Nullable String> INSTANCE =
      CallOptions.Key.create("dev.holdfast.grpc.instance");

  /** The watch on the connection that a call gets. */
  public static final CallOptions.Key<@Nullable CallConnectionListener> WATCH =
      CallOptions.Key.create("dev.holdfast.grpc.watch");

  private StreamPickOptions() {}

  /** The instance that this call is for; null for any. */
  static @Nullable String instanceOf(PickSubchannelArgs args) {
    return isUnary(args) ? null : args.getCallOptions().getOption(INSTANCE);
  }

  /** The result, with the call's watch on the connection that the pair has now. */
  static PickResult watched(PickSubchannelArgs args, PickResult result, PairedSubchannel pair) {
    CallConnectionListener watch = isUnary(args) ? null : args.getCallOptions().getOption(WATCH);
    return watch == null || result.getSubchannel() == null
        ? result
        : PickResult.withSubchannel(
            result.getSubchannel(),
            new Watching(result.getStreamTracerFactory(), pair.pairMember(), watch));
  }

  private static boolean isUnary(PickSubchannelArgs args) {
    return args.getMethodDescriptor().getType() == MethodType.UNARY;
  }

  /** Watches from the beginning of the stream to its end. */
  private static final class Watching extends ClientStreamTracer.Factory {
    private final ClientStreamTracer.@Nullable Factory others;
    private final PairMember pairMember;
    private final CallConnectionListener watch;

    Watching(
        ClientStreamTracer.@Nullable Factory others,
        PairMember pairMember,
        CallConnectionListener watch) {
      this.others = others;
      this.pairMember = pairMember;
      this.watch = watch;
    }

    @Override
    public ClientStreamTracer newClientStreamTracer(
        ClientStreamTracer.StreamInfo info, Metadata headers) {
      ClientStreamTracer other =
          others == null
              ? new ClientStreamTracer() {}
              : others.newClientStreamTracer(info, headers);
      Subscription watching = pairMember.watch(watch);
      return new ForwardingClientStreamTracer() {
        @Override
        protected ClientStreamTracer delegate() {
          return other;
        }

        @Override
        public void streamClosed(Status status) {
          watching.close();
          super.streamClosed(status);
        }
      };
    }
  }
}
