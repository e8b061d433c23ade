package dev.holdfast.cli.settings;

import dev.holdfast.core.NearestName;
import java.nio.file.Path;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The defaults of one run of the program. Immutable. */
public final class Settings {
  // One mistake in three letters is a slip; more is another word.
  private static final int EDITS_PER_LETTERS = 3;

  private final Map<Setting, Value> values;
  private final Map<String, String> environment;

  private Settings(Map<Setting, Value> values, Map<String, String> environment) {
    this.values = values;
    this.environment = environment;
  }

  /**
   * Reads the file that the option or else HOLDFAST_CONFIG names, and lays the environment over it.
   *
   * @throws dev.holdfast.cli.UserError naming file, line and the nearest known name
   */
  public static Settings load(@Nullable String configOption, Map<String, String> environment) {
    String config =
        configOption == null ? environment.get(Setting.CONFIG.variable()) : configOption;
    Map<Setting, Value> values = new EnumMap<>(Setting.class);
    if (config != null && !config.isEmpty()) {
      values.putAll(SettingsFile.read(Path.of(config)));
    }
    Map<String, String> merged = new HashMap<>(environment);
    values.forEach((setting, value) -> merged.putIfAbsent(setting.variable(), value.text()));
    for (Setting setting : Setting.values()) {
      String text = environment.get(setting.variable());
      if (text != null && !text.isEmpty()) {
        values.put(setting, new Value(text, setting.variable()));
      }
    }
    return new Settings(values, Map.copyOf(merged));
  }

  /** The default of a setting, if anyone set it. */
  public Optional<Value> value(Setting setting) {
    return Optional.ofNullable(values.get(setting));
  }

  /** The environment, completed by what the file says: what other rooms look things up in. */
  public Map<String, String> environment() {
    return environment;
  }

  /** The warnings about HOLDFAST_ variables that the program does not know, one per variable. */
  public List<String> warnings() {
    List<String> known = Setting.variables();
    return environment.keySet().stream()
        .filter(name -> name.startsWith(Setting.VARIABLE_PREFIX) && !known.contains(name))
        .sorted()
        .map(name -> name + ": unknown variable" + hint(name, known))
        .toList();
  }

  /** {@code (did you mean NAME?)}, or "" when no known name is near. */
  public static String hint(String given, Collection<String> known) {
    String nearest = NearestName.of(given, known, Math.max(1, given.length() / EDITS_PER_LETTERS));
    return nearest.isEmpty() ? "" : " (did you mean " + nearest + "?)";
  }

  /**
   * A default and where it stands.
   *
   * @param text as written
   * @param source a variable's name, or file and line
   */
  public record Value(String text, String source) {}
}
