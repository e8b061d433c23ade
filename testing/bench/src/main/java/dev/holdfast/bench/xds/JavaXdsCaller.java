package dev.holdfast.bench.xds;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/**
 * An xDS client made with grpc-java alone: the same program as those in {@code interop/}, whose
 * header comments define its input and output.
 */
public final class JavaXdsCaller {
  private static final int PATIENCE_SECONDS = 180;

  private final ManagedChannel channel;
  private final Set<String> seen = ConcurrentHashMap.newKeySet();
  private final Map<String, Long> counts = new ConcurrentHashMap<>();
  private final Metadata headers = new Metadata();
  private final AtomicLong underWay = new AtomicLong();
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private volatile Channel identified;
  private volatile MethodDescriptor<byte[], byte[]> method =
      InstanceNameServers.method(InstanceNameServers.WHO);

  private JavaXdsCaller(ManagedChannel channel) {
    this.channel = channel;
    this.identified = channel;
  }

  /** The program: {@code TARGET CALLS_PER_SECOND}. */
  public static void main(String[] args) throws Exception {
    ManagedChannel channel =
        Grpc.newChannelBuilder(args[0], InsecureChannelCredentials.create()).build();
    JavaXdsCaller caller = new JavaXdsCaller(channel);
    long pauseNanos = (long) (TimeUnit.SECONDS.toNanos(1) / Double.parseDouble(args[1]));
    ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    var unused = timer.scheduleAtFixedRate(caller::call, 0, pauseNanos, TimeUnit.NANOSECONDS);
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      caller.obey(line.strip());
    }
    timer.shutdown();
    if (!timer.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      say("failed UNKNOWN the timer does not end");
    }
    caller.end();
    System.exit(0);
  }

  private void call() {
    underWay.incrementAndGet();
    ClientCalls.asyncUnaryCall(
        identified.newCall(
            method, CallOptions.DEFAULT.withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)),
        new byte[0],
        new StreamObserver<>() {
          @Override
          public void onNext(byte[] answer) {
            answered.incrementAndGet();
            String name = new String(answer, StandardCharsets.UTF_8);
            counts.merge(name, 1L, Long::sum);
            if (seen.add(name)) {
              say("first " + name);
            }
          }

          @Override
          public void onError(Throwable cause) {
            Status status = Status.fromThrowable(cause);
            failed.incrementAndGet();
            say("failed " + status.getCode() + " " + status.getDescription());
            underWay.decrementAndGet();
          }

          @Override
          public void onCompleted() {
            underWay.decrementAndGet();
          }
        });
  }

  private void obey(String line) {
    List<String> words = List.of(line.split(" ", 3));
    switch (words.get(0)) {
      case "count" -> {
        Map<String, Long> taken = new TreeMap<>();
        counts.keySet().forEach(name -> taken.merge(name, counts.remove(name), Long::sum));
        say(
            taken.entrySet().stream()
                .map(e -> " " + e.getKey() + "=" + e.getValue())
                .collect(Collectors.joining("", "counts", "")));
      }
      case "header" -> {
        headers.put(Metadata.Key.of(words.get(1), Metadata.ASCII_STRING_MARSHALLER), words.get(2));
        identified =
            ClientInterceptors.intercept(
                channel, MetadataUtils.newAttachHeadersInterceptor(headers));
      }
      case "method" -> method = InstanceNameServers.method(words.get(1).substring(1));
      default -> say("unknown " + line);
    }
  }

  /** A call that hangs is said to have failed, by its deadline, before this ends. */
  private void end() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS + 5);
    while (underWay.get() > 0 && System.nanoTime() - deadline < 0) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    if (underWay.get() > 0) {
      failed.addAndGet(underWay.get());
      say("failed UNKNOWN calls that do not end: " + underWay.get());
    }
    say("ended " + answered.get() + " " + failed.get());
    channel.shutdownNow();
  }

  private static synchronized void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
