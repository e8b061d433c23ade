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
    List<Health> heard = new CopyOnWriteArrayList<>();
    HealthFollower.Listener failsOnce =
        new HealthFollower.Listener() {
          @Override
          public void onPortOpen() {}

          @Override
          public void onHealth(Health health, String cause) {
            heard.add(health);
            if (heard.size() == 1) {
              throw new IllegalStateException("told once too often");
            }
          }
        };
    try (ServerSocket program = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        HealthFollower follower = new HealthFollower(options(program), failsOnce)) {
      follower.start();

      await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () ->
                  assertThat(heard)
                      .containsExactly(Health.SERVING, Health.NOT_SERVING, Health.SERVING));
    }
  }

  private static HealthOptions options(ServerSocket program) {
    return new HealthOptions(
        List.of("127.0.0.1"),
        program.getLocalPort(),
        HealthOptions.Mode.TCP,
        "",
        Duration.ofMillis(100));
  }
}
