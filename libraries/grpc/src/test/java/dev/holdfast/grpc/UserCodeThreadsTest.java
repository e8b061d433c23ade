package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Code of users that a timer begins does not run on the thread of the scheduler, which keeps leases
 * and sends GOAWAY: an interceptor or a callback that blocks holds up neither.
 */
class UserCodeThreadsTest {
  private static final int PATIENCE_SECONDS = 60;

  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private final CountDownLatch release = new CountDownLatch(1);
  private final List<Boolean> onScheduler = new CopyOnWriteArrayList<>();
  private volatile boolean blocked;

  @AfterEach
  void close() {
    release.countDown();
    loopbackTopology.close();
  }

  @Test
  void aDrainCallbackThatBlocksHoldsUpNeitherGoawayNorOtherCallbacks() throws Exception {
    WordsService wordsService = new WordsService("a");
    wordsService.handler =
        (request, responses) -> {
          var unused = HoldfastServer.DRAIN.get().onDrain(this::block);
          wordsService.answer(request, responses);
        };
    DrainOptions patient =
        DrainOptions.DEFAULT.withSpread(Duration.ofMillis(50)).withGrace(Duration.ofMinutes(10));
    HoldfastServer server =
        loopbackTopology.serve(wordsService, loopbackTopology.server().drain(patient));
    ManagedChannel channel = loopbackTopology.channel();
    LoopbackTopology.call(channel, WordsService.PLACE);
    // Told last of all, and says so at once.
    HeldStream held = HeldStream.follow(channel, "word");
    await().until(() -> held.heard().contains("a"));

    server.shutdown();

    assertThat(server.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(held.heard()).containsExactly("a", WordsService.LAST_WORD);
    assertThat(onScheduler).containsExactly(false);
    assertThat(blocked).as("the callback goes on").isTrue();
    assertTheSchedulerRuns();
  }

  @Test
  void aStreamThatIsDeafIsCutAfterTheGraceTimeWhileACallbackBlocks() throws Exception {
    WordsService wordsService = new WordsService("a");
    wordsService.handler =
        (request, responses) -> {
          var unused = HoldfastServer.DRAIN.get().onDrain(this::block);
          wordsService.answer(request, responses);
        };
    DrainOptions brief =
        DrainOptions.DEFAULT.withSpread(Duration.ofMillis(50)).withGrace(Duration.ofMillis(300));
    HoldfastServer server =
        loopbackTopology.serve(wordsService, loopbackTopology.server().drain(brief));
    ManagedChannel channel = loopbackTopology.channel();
    LoopbackTopology.call(channel, WordsService.PLACE);
    HeldStream held = HeldStream.follow(channel, "deaf");
    await().until(() -> held.heard().contains("a"));

    server.shutdown();

    assertThat(held.awaitEnd().getCode()).isIn(Status.Code.CANCELLED, Status.Code.UNAVAILABLE);
    assertThat(blocked).as("the callback goes on").isTrue();
    assertThat(server.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void anInterceptorThatBlocksInADelayedRetryHoldsUpNothing() throws Exception {
    WordsService wordsService = new WordsService("a");
    wordsService.handler =
        (request, responses) -> {
          if (wordsService.gets.get() > 1) {
            wordsService.answer(request, responses);
            return;
          }
          Metadata pushback = new Metadata();
          pushback.put(
              Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER), "20");
          responses.onError(Status.UNAVAILABLE.asRuntimeException(pushback));
        };
    loopbackTopology.serve(wordsService);
    AtomicBoolean first = new AtomicBoolean(true);
    ManagedChannel channel =
        loopbackTopology.channel(
            loopbackTopology
                .builder()
                .intercept(
                    starting(
                        () -> {
                          if (!first.getAndSet(false)) {
                            block();
                          }
                        })));

    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
    var answer = ClientCalls.futureUnaryCall(channel.newCall(WordsService.GET, options), "word");
    await().atMost(Duration.ofSeconds(PATIENCE_SECONDS)).until(() -> !onScheduler.isEmpty());
    assertTheSchedulerRuns();
    release.countDown();

    assertThat(answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo("a");
    assertThat(onScheduler).containsExactly(false);
  }

  private void block() {
    onScheduler.add(loopbackTopology.scheduler.isCurrent());
    blocked = true;
    try {
      boolean unused = release.await(2 * PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    blocked = false;
  }

  private void assertTheSchedulerRuns() throws InterruptedException {
    CountDownLatch ran = new CountDownLatch(1);
    loopbackTopology.scheduler.execute(ran::countDown);
    assertThat(ran.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  private static ClientInterceptor starting(Runnable onStart) {
    return new ClientInterceptor() {
      @Override
      public <Q, A> ClientCall<Q, A> interceptCall(
          MethodDescriptor<Q, A> method, CallOptions callOptions, Channel next) {
        return new SimpleForwardingClientCall<>(next.newCall(method, callOptions)) {
          @Override
          public void start(Listener<A> listener, Metadata headers) {
            onStart.run();
            super.start(listener, headers);
          }
        };
      }
    };
  }
}
