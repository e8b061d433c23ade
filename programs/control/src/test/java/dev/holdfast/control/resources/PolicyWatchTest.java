package dev.holdfast.control.resources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyWatchTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String ONE = "services: {orders: {timeout: 1s}}\n";
  private static final String TWO = "services: {orders: {timeout: 2s}}\n";

  @TempDir Path folder;
  private final List<String> heard = new CopyOnWriteArrayList<>();
  private @Nullable PolicyWatch watch;

  @AfterEach
  void close() {
    if (watch != null) {
      watch.close();
    }
  }

  @Test
  void policyThatIsRenamedIntoPlaceCounts() throws Exception {
    start(ONE);

    replace(TWO);

    await().atMost(PATIENCE).until(() -> heard.equals(List.of("PT1S", "PT2S")));
  }

  @Test
  void policyThatIsWrittenInPlaceCountsOnceItRests() throws Exception {
    start(ONE);

    Files.writeString(file(), TWO + "# and more\n");

    await().atMost(PATIENCE).until(() -> heard.equals(List.of("PT1S", "PT2S")));
  }

  @Test
  void mistakeIsRefusedWithItsReasonAndTheNextGoodPolicyCounts() throws Exception {
    start(ONE);

    replace("services: {orders: {tmeout: 1s}}\n");
    await().atMost(PATIENCE).until(() -> heard.size() == 2);
    replace(TWO);
    await().atMost(PATIENCE).until(() -> heard.size() == 3);

    assertThat(heard)
        .containsExactly(
            "PT1S",
            "refused " + file() + ":1: services.orders.tmeout: unknown (expected: timeout)",
            "PT2S");
  }

  @Test
  void fileThatIsGoneOrEmptyLeavesThePolicyAndItsReturnSaysNothing() throws Exception {
    start(ONE);

    Files.delete(file());
    await().atMost(PATIENCE).until(() -> heard.size() == 2);
    replace("\n");
    await().atMost(PATIENCE).until(() -> heard.size() == 3);
    replace(ONE);
    replace(TWO);
    await().atMost(PATIENCE).until(() -> heard.size() == 4);

    assertThat(heard.get(1)).startsWith("refused " + file() + ": can't be read: ");
    assertThat(heard.get(2)).startsWith("refused " + file() + ":1: an empty file (expected: ");
    assertThat(heard.get(3)).isEqualTo("PT2S");
  }

  @Test
  void listenerThatThrowsEndsNothing() throws Exception {
    Files.writeString(file(), ONE);
    watch =
        PolicyWatch.start(
            file(),
            new PolicyWatch.PolicyListener() {
              @Override
              public void onPolicy(Policy policy) {
                heard.add(timeout(policy));
                if (heard.size() == 2) {
                  throw new IllegalStateException("a listener of the test that fails");
                }
              }

              @Override
              public void onRefused(String reason) {}
            });

    replace(TWO);
    await().atMost(PATIENCE).until(() -> heard.size() == 2);
    replace(ONE);
    await().atMost(PATIENCE).until(() -> heard.equals(List.of("PT1S", "PT2S", "PT1S")));
  }

  @Test
  void whoStartsWithAMistakeIsToldAtOnce() throws Exception {
    Files.writeString(file(), "services: []\n");

    assertThatExceptionOfType(PolicyException.class)
        .isThrownBy(() -> PolicyWatch.start(file(), new Recorder()));
    assertThatExceptionOfType(NoSuchFileException.class)
        .isThrownBy(() -> PolicyWatch.start(folder.resolve("none.yaml"), new Recorder()));
  }

  private void start(String text) throws IOException {
    Files.writeString(file(), text);
    watch = PolicyWatch.start(file(), new Recorder());
  }

  private Path file() {
    return folder.resolve("policy.yaml");
  }

  private void replace(String text) throws IOException {
    Path aside = Files.writeString(folder.resolve("aside"), text);
    Files.move(aside, file(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static String timeout(Policy policy) {
    return policy.of("orders").timeout().map(Duration::toString).orElse("none");
  }

  private final class Recorder implements PolicyWatch.PolicyListener {
    @Override
    public void onPolicy(Policy policy) {
      heard.add(timeout(policy));
    }

    @Override
    public void onRefused(String reason) {
      heard.add("refused " + reason);
    }
  }
}
