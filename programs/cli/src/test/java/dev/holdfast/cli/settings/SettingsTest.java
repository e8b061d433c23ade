package dev.holdfast.cli.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.cli.HoldfastCommand;
import dev.holdfast.cli.UserError;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Tunable;
import dev.holdfast.core.discovery.EndpointDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class SettingsTest {
  @TempDir private Path directory;

  @Test
  void variableCountsBeforeTheFile() throws IOException {
    Path file = yaml("zone: from-file\nspread: 5s\n");

    Settings settings = Settings.load(file.toString(), Map.of("HOLDFAST_ZONE", "from-variable"));

    assertThat(settings.value(Setting.ZONE))
        .contains(new Settings.Value("from-variable", "HOLDFAST_ZONE"));
    assertThat(settings.value(Setting.SPREAD)).contains(new Settings.Value("5s", file + ":2"));
    assertThat(settings.environment())
        .containsEntry("HOLDFAST_ZONE", "from-variable")
        .containsEntry("HOLDFAST_SPREAD", "5s");
  }

  @Test
  void addressOfTheAdminServiceIsNotThatOfAnAdminPage() {
    assertThat(Setting.ofOption("--admin")).isEmpty();
    assertThat(Setting.ofOption("--admin-token-file")).contains(Setting.ADMIN_TOKEN_FILE);
  }

  @Test
  void optionCountsBeforeTheVariableThatNamesTheFile() throws IOException {
    Path named = yaml("zone: named\n");

    Settings settings =
        Settings.load(named.toString(), Map.of("HOLDFAST_CONFIG", "/does/not/exist"));

    assertThat(settings.value(Setting.ZONE).orElseThrow().text()).isEqualTo("named");
  }

  @Test
  void directoryOfTheLastListsIsKnownToTheProgramAndReachesTheLibrary() throws IOException {
    Path file = yaml("snapshot-dir: /var/cache/holdfast\n");

    Settings fromFile = Settings.load(file.toString(), Map.of());
    Settings fromVariable =
        Settings.load(null, Map.of(EndpointDirectory.SNAPSHOT_VARIABLE, "/var/cache/holdfast"));

    assertThat(fromVariable.warnings()).isEmpty();
    assertThat(fromFile.environment())
        .containsEntry(EndpointDirectory.SNAPSHOT_VARIABLE, "/var/cache/holdfast");
  }

  @Test
  void emptyFileSetsNothing() throws IOException {
    assertThat(Settings.load(yaml("# nothing\n").toString(), Map.of()).value(Setting.ZONE))
        .isEmpty();
  }

  @Test
  void everyMistakeInTheFileHasItsLine() throws IOException {
    assertRefused("registry: x\nregistry: y\n", ":2: registry: twice (expected: once)");
    assertRefused("- a\n", ":1: not a map (expected: lines such as registry: URI)");
    assertRefused("zone: [a, b]\n", ":1: zone: not one value (expected: text)");
    assertRefused("zone: \"a\n", ":2: found unexpected end of stream (expected: YAML)");
    assertRefused("colour: red\n", ":1: colour: unknown");
    assertRefused("registry-password: x\n", ":1: registry-password: unknown");
    assertRefused(
        "zone: !!java.net.URL [\"http://127.0.0.1:1/\"]\n", ":1: Global tag is not allowed");
  }

  @ParameterizedTest
  @MethodSource("numbersAndTimes")
  void helpNamesTheDefaultThatHolds(Tunable setting) {
    assertThat(optionsCalled(HoldfastCommand.commandLine(), "--" + setting.key()))
        .isNotEmpty()
        .allSatisfy(
            option ->
                assertThat(String.join(" ", option.description()))
                    .containsPattern("[dD]efault " + setting.defaultText() + "\\b"));
  }

  static List<Tunable> numbersAndTimes() {
    return List.of(
        SettingDurations.PROBE_INTERVAL,
        SettingDurations.READY_TIMEOUT,
        SettingDurations.SPREAD,
        SettingDurations.STOP_TIMEOUT,
        Endpoint.WEIGHT);
  }

  @Test
  void missingFileIsAnError() {
    assertThatThrownBy(() -> Settings.load("/does/not/exist", Map.of()))
        .isInstanceOf(UserError.class)
        .hasMessage("config: /does/not/exist: no such file (expected: a YAML file)");
  }

  private static List<OptionSpec> optionsCalled(CommandLine command, String name) {
    return Stream.concat(
            Stream.of(command.getCommandSpec()),
            command.getSubcommands().values().stream().map(CommandLine::getCommandSpec))
        .map(spec -> spec.findOption(name))
        .filter(Objects::nonNull)
        .toList();
  }

  private void assertRefused(String text, String expected) throws IOException {
    Path file = yaml(text);
    assertThatThrownBy(() -> Settings.load(file.toString(), Map.of()))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith(file + expected);
  }

  private Path yaml(String text) throws IOException {
    return Files.writeString(directory.resolve("holdfast.yaml"), text);
  }
}
