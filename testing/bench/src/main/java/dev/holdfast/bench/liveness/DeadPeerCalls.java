package dev.holdfast.bench.liveness;

import com.google.protobuf.ByteString;
import dev.holdfast.bench.liveness.Recovery.Call;
import dev.holdfast.bench.liveness.Recovery.RecoveryCallEnd;
import dev.holdfast.bench.load.StaticResolver;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.EquivalentAddressGroup;
import io.grpc.ManagedChannel;
import io.grpc.NameResolverRegistry;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * The callers of one side. Each channel calls at a fixed rate, whatever the answers do, and without
 * a deadline, so that a call waits as long as its connection lets it.
 */
final class DeadPeerCalls {
  /** The first words of what is said: every channel has heard of every server. */
  static final String CONNECTED = "CONNECTED";

  /** Milliseconds per channel from the cut to calls that succeed; -1 for never. */
  static final String TIMES = "TIMES";

  /** The word before the number of calls that waited for long. */
  static final String STUCK = "STUCK";

  /** Milliseconds from the cut to each connection that the kernel made a suspect. */
  static final String SUSPECTED = "SUSPECTED";

  static final String STOCK = "stock";
  static final String HOLDFAST = "holdfast";

  /** The keepalive time of stock grpc-java: its minimum. The timeout is its default. */
  static final Duration KEEPALIVE_TIME = Duration.ofSeconds(10);

  static final Duration KEEPALIVE_TIMEOUT = Duration.ofSeconds(20);

  private static final String SCHEME = "bench-static";
  private static final Duration SPACING = Duration.ofSeconds(5);
  private static final int PAYLOAD_BYTES = 64;
  private static final int MAX_CALLS = 10_000_000;
  private static final EchoRequest REQUEST =
      EchoRequest.newBuilder().setPayload(ByteString.copyFrom(new byte[PAYLOAD_BYTES])).build();

  private final List<Lane> lanes = new ArrayList<>();
  private final CountDownLatch notConnected;
  private final int servers;
  private volatile boolean stopping;

  private DeadPeerCalls(List<ManagedChannel> channels, int servers) {
    this.servers = servers;
    notConnected = new CountDownLatch(channels.size());
    channels.forEach(channel -> lanes.add(new Lane(channel)));
  }

  /** The program: {@code SIDE CHANNELS INTERVAL_MILLIS HOST:PORT..}. */
  public static void main(String[] args) throws Exception {
    List<String> addresses = List.of(args).subList(3, args.length);
    register(addresses);
    Suspicions suspicions = Suspicions.watch();
    List<ManagedChannel> channels = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(args[1]); i++) {
      channels.add(args[0].equals(HOLDFAST) ? holdfast() : stock());
    }
    DeadPeerCalls calls = new DeadPeerCalls(channels, addresses.size());
    long pauseNanos = TimeUnit.MILLISECONDS.toNanos(Integer.parseInt(args[2])) / channels.size();
    Thread caller = new Thread(() -> calls.call(pauseNanos), "bench-open-loop");
    caller.setDaemon(true);
    caller.start();
    calls.notConnected.await();
    ParentLine parent = new ParentLine();
    parent.say("%s", CONNECTED);
    // The parent names the moment of the cut: System.nanoTime is one clock for the whole of Linux.
    String cut = parent.next();
    if (!cut.isEmpty()) {
      calls.stopping = true;
      caller.join(TimeUnit.SECONDS.toMillis(1));
      long cutNanos = Long.parseLong(cut);
      calls.report(parent, cutNanos);
      parent.say("%s %s", SUSPECTED, words(suspicions.millisSince(cutNanos)));
      parent.next();
    }
    channels.forEach(ManagedChannel::shutdownNow);
    System.exit(0);
  }

  private static void register(List<String> addresses) {
    List<EquivalentAddressGroup> groups =
        addresses.stream()
            .map(
                address -> {
                  int colon = address.lastIndexOf(':');
                  return new EquivalentAddressGroup(
                      new InetSocketAddress(
                          address.substring(0, colon),
                          Integer.parseInt(address.substring(colon + 1))));
                })
            .toList();
    NameResolverRegistry.getDefaultRegistry().register(new StaticResolver(SCHEME, groups));
  }

  private static ManagedChannel stock() {
    return NettyChannelBuilder.forTarget(SCHEME + ":///servers")
        .defaultLoadBalancingPolicy("round_robin")
        .keepAliveTime(KEEPALIVE_TIME.toSeconds(), TimeUnit.SECONDS)
        .keepAliveTimeout(KEEPALIVE_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
        .keepAliveWithoutCalls(true)
        .usePlaintext()
        .build();
  }

  /** A Holdfast channel with the idle time and the probe timeout of the stock one. */
  private static ManagedChannel holdfast() {
    return HoldfastChannelBuilder.forTarget(SCHEME + ":///servers")
        .usePlaintext()
        .liveness(
            LivenessOptions.DEFAULT
                .withProbing(KEEPALIVE_TIME, SPACING)
                .withPatience(KEEPALIVE_TIMEOUT, KEEPALIVE_TIMEOUT))
        .build();
  }

  private void call(long pauseNanos) {
    long start = System.nanoTime();
    for (long calls = 0; calls < MAX_CALLS && !stopping; ) {
      long early = start + calls * pauseNanos - System.nanoTime();
      if (early > 0) {
        LockSupport.parkNanos(early);
        continue;
      }
      lanes.get((int) (calls % lanes.size())).call();
      calls++;
    }
  }

  private void report(ParentLine parent, long cutNanos) {
    long nowNanos = System.nanoTime();
    List<List<Call>> all = lanes.stream().map(lane -> lane.calls(nowNanos)).toList();
    parent.say(
        "%s %d", STUCK, all.stream().mapToLong(calls -> Recovery.stuck(calls, cutNanos)).sum());
    parent.say(
        "%s %s",
        TIMES,
        all.stream()
            .map(calls -> Recovery.afterNanos(calls, cutNanos, nowNanos))
            .map(t -> t.isPresent() ? TimeUnit.NANOSECONDS.toMillis(t.getAsLong()) : -1)
            .map(String::valueOf)
            .collect(Collectors.joining(" ")));
  }

  private static String words(List<Long> numbers) {
    return numbers.stream().map(String::valueOf).collect(Collectors.joining(" "));
  }

  /** A channel with its calls. */
  private final class Lane {
    private final EchoGrpc.EchoStub stub;
    private final ConcurrentLinkedQueue<Pending> calls = new ConcurrentLinkedQueue<>();
    private final Set<String> heard = ConcurrentHashMap.newKeySet();

    Lane(ManagedChannel channel) {
      stub = EchoGrpc.newStub(channel);
    }

    void call() {
      Pending pending = new Pending(this);
      calls.add(pending);
      stub.call(REQUEST, pending);
    }

    List<Call> calls(long nowNanos) {
      return calls.stream().map(call -> call.at(nowNanos)).toList();
    }

    void onAnswer(String instance) {
      if (heard.size() < servers && heard.add(instance) && heard.size() == servers) {
        notConnected.countDown();
      }
    }
  }

  /** A call with its outcome so far. */
  private static final class Pending implements StreamObserver<EchoReply> {
    private final Lane lane;
    private final long beganNanos = System.nanoTime();
    private volatile Call ended = new Call(beganNanos, beganNanos, RecoveryCallEnd.OPEN);

    Pending(Lane lane) {
      this.lane = lane;
    }

    @Override
    public void onNext(EchoReply reply) {
      lane.onAnswer(reply.getInstance());
    }

    @Override
    public void onCompleted() {
      ended = new Call(beganNanos, System.nanoTime(), RecoveryCallEnd.ANSWERED);
    }

    @Override
    public void onError(Throwable cause) {
      ended = new Call(beganNanos, System.nanoTime(), RecoveryCallEnd.FAILED);
    }

    Call at(long nowNanos) {
      Call known = ended;
      return known.end() == RecoveryCallEnd.OPEN
          ? new Call(beganNanos, nowNanos, RecoveryCallEnd.OPEN)
          : known;
    }
  }
}
