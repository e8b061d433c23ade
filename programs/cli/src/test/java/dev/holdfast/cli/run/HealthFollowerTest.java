package dev.holdfast.cli.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class HealthFollowerTest {

  @Test
  void aFailureWhileFollowingIsToldAsNotServingAndTheFollowingGoesOn() throws IOException {
    List<ProgramHealth> heard = new CopyOnWriteArrayList<>();
    HealthFollower.ProgramHealthListener failsOnce =
        new HealthFollower.ProgramHealthListener() {
          @Override
          public void onPortOpen() {}

          @Override
          public void onHealth(ProgramHealth programHealth, String cause) {
            heard.add(programHealth);
            if (heard.size() == 1) {
              throw new IllegalStateException("told once too often");
            }
          }
        };
    try (ServerSocket program = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        HealthFollower follower = new HealthFollower(options(program), failsOnce)) {
      follower.start();

      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () ->
                  assertThat(heard)
                      .containsExactly(
                          ProgramHealth.SERVING, ProgramHealth.NOT_SERVING, ProgramHealth.SERVING));
    }
  }

  private static ProgramHealthOptions options(ServerSocket program) {
    return new ProgramHealthOptions(
        List.of("127.0.0.1"),
        program.getLocalPort(),
        ProgramHealthOptions.Mode.TCP,
        "",
        Duration.ofSeconds(10),
        Duration.ofMillis(100));
  }
}
