package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SplitCommandTest {
  @TempDir Path folder;

  @Test
  void firstSplitMakesTheFileAndSaysWhatItTookForGranted() throws IOException {
    CommandRun run = split("orders", "v2=10%");

    assertThat(run.code()).isZero();
    assertThat(run.out()).isEqualTo("orders: v2 10%, others 90% (was: all instances)\n");
    assertThat(run.err())
        .isEqualTo(
            "holdfast: "
                + file()
                + " is new\nholdfast: new subset v2: the instances with version=v2\n");
    assertThat(file())
        .hasContent(
            """
            services:
              orders:
                subsets:
                  v2: {version: v2}
                split:
                  v2: 10%
            """);
  }

  @Test
  void nextSplitChangesTheShareAndKeepsTheRestOfTheFile() throws IOException {
    Files.writeString(
        file(),
        """
        services:
          orders:
            subsets: {v1: {track: "1"}} # by track
            split: {v1: 100%}
        """);

    CommandRun run = split("orders", "v2=0.5%", "--by", "track");

    assertThat(run.out()).isEqualTo("orders: v1 99.5%, v2 0.5% (was: v1 100%)\n");
    assertThat(file())
        .hasContent(
            """
            services:
              orders:
                subsets: {v1: {track: "1"}, v2: {track: v2}} # by track
                split: {v1: 99.5%, v2: 0.5%}
            """);
    assertThat(split("orders").out()).isEqualTo("orders: v1 99.5%, v2 0.5%\n");
    assertThat(split("orders", "--clear").out())
        .isEqualTo("orders: all instances (was: v1 99.5%, v2 0.5%)\n");
    assertThat(split("orders").out()).isEqualTo("orders: all instances\n");
  }

  @Test
  void jsonHasWhatWasAndWhatIs() {
    CommandRun run = split("orders", "v2=10%", "--json");

    assertThat(run.out())
        .isEqualTo(
            "{\"service\":\"orders\",\"policy\":\""
                + file()
                + "\",\"before\":{},\"after\":{\"v2\":\"10%\"},\"added_subsets\":[\"v2\"]}\n");
  }

  @Test
  void policyMayStandInTheEnvironment() throws IOException {
    Files.writeString(file(), "services: {}\n");

    CommandRun run =
        CommandRun.with(Map.of("HOLDFAST_POLICY", file().toString()), "split", "orders");

    assertThat(run.out()).isEqualTo("orders: all instances\n");
  }

  @Test
  void mistakesAreNamedAndTheFileStaysAsItIs() throws IOException {
    Files.writeString(file(), "services: {orders: {tmeout: 1s}}\n");

    assertRefused(
        split("orders", "v2=10%"),
        2,
        file() + ":1: services.orders.tmeout: unknown (expected: timeout)");
    assertRefused(
        split("orders", "v2"), 2, "share: \"v2\" (expected: SUBSET=PERCENT, such as v2=10%)");
    assertRefused(
        split("orders", "v2=10"), 2, "v2: 10 (expected: 0% to 100%, with two decimals at most)");
    assertRefused(split("orders", "v2=1%", "v2=2%"), 2, "share: v2 twice (expected: once)");
    assertRefused(split("prod/orders", "v2=1%"), 2, "a name inside the control plane's namespace");
    assertRefused(split("orders", "v2=1%", "--clear"), 2, "clear: beside shares");
    assertRefused(
        CommandRun.with(Map.of(), "split", "orders", "v2=1%"), 2, "policy: none (expected:");
    assertThat(file()).hasContent("services: {orders: {tmeout: 1s}}\n");
  }

  @Test
  void fileThatIsNotThereIsNoPolicyToShow() {
    assertRefused(split("orders"), 1, file() + ": no such file (expected: a YAML file)");
    assertRefused(
        CommandRun.with(
            Map.of(), "split", "orders", "v2=1%", "--policy", folder + "/none/policy.yaml"),
        1,
        "no such file");
    assertThat(file()).doesNotExist();
  }

  private static void assertRefused(CommandRun run, int code, String text) {
    assertThat(run.err()).contains(text);
    assertThat(run.code()).isEqualTo(code);
    assertThat(run.out()).isEmpty();
  }

  private Path file() {
    return folder.resolve("policy.yaml");
  }

  private CommandRun split(String... args) {
    String[] all = new String[args.length + 3];
    all[0] = "split";
    System.arraycopy(args, 0, all, 1, args.length);
    all[args.length + 1] = "--policy";
    all[args.length + 2] = file().toString();
    return CommandRun.with(Map.of(), all);
  }
}
