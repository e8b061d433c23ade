package dev.holdfast.cli.settings;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Tunable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The settings that can be made outside the command line. {@code ready-timeout} in the file is
 * {@code HOLDFAST_READY_TIMEOUT} in the environment and {@code --ready-timeout} as an option.
 *
 * <p>An option takes precedence over a variable, a variable over the file. docs/environment.md is
 * generated from this list. There is deliberately no {@code service} and no {@code port}:
 * Kubernetes sets HOLDFAST_SERVICE_HOST and HOLDFAST_PORT in every pod beside a Service called
 * holdfast.
 */
public enum Setting {
  REGISTRY(
      Place.FILE, "URI", "none", "The registry that services are registered and looked up in."),
  REGISTRY_USER(Place.FILE, "name", "none", "The user to log in with, where the URI names none."),
  REGISTRY_PASSWORD_FILE(
      Place.FILE, "path", "none", "A file whose content is the password for the registry."),
  REGISTRY_PASSWORD(
      Place.ENVIRONMENT, "text", "none", "The password for the registry; the file is safer."),
  SNAPSHOT_DIR(
      Place.FILE,
      "path",
      "none",
      "A directory that keeps the last lists, so that a program starts while its registry is"
          + " down."),
  POLICY(
      Place.FILE,
      "path",
      "none",
      "The YAML file that says how control planes route, retry and balance."),
  ADVERTISE(
      Place.FILE,
      "host[:port]",
      "found",
      "The address that clients are told, where the right one can't be found."),
  ZONE(Place.FILE, "text", "none", "The failure domain that this machine is in."),
  WEIGHT(Endpoint.WEIGHT),
  PATH(
      Place.ENVIRONMENT,
      "a profile, a duration, default or off",
      "default",
      "What lies between the clients and servers of gRPC: a profile, or for how long"
          + " nothing may happen on a connection there. Programs with the jar alone need it."),
  STREAMS(
      Place.ENVIRONMENT,
      "service/method=level, several, or off",
      "off",
      "The streams that are resumable without a line of code, such as"
          + " chat.Chat/*=resume; levels are reopen, resume and durable."),
  STREAMS_STORE(
      Place.ENVIRONMENT,
      "URI",
      "none",
      "The store of durable streams that HOLDFAST_STREAMS names, such as redis://host:6379."),
  STREAMS_KEY_FILE(
      Place.ENVIRONMENT,
      "path",
      "none",
      "A file whose content is the secret that all instances with durable streams of"
          + " HOLDFAST_STREAMS share; at least 16 bytes."),
  STREAMS_KEY(Place.ENVIRONMENT, "text", "none", "That secret itself; the file is safer."),
  STREAMS_MAX_AGE(
      Place.ENVIRONMENT,
      "1s to 8760h",
      "none",
      "The age, give or take 10 %, at which durable streams of HOLDFAST_STREAMS are asked to go on"
          + " at another instance."),
  STREAMS_REBALANCE(
      Place.ENVIRONMENT,
      "on or off",
      "off",
      "Whether durable streams of HOLDFAST_STREAMS move to instances that have fewer."),
  REDIS_USER(
      Place.ENVIRONMENT, "name", "none", "The user to log in to Redis with, beside a password."),
  REDIS_PASSWORD_FILE(
      Place.ENVIRONMENT,
      "path",
      "none",
      "A file whose content is the password for Redis; read at each connect."),
  REDIS_PASSWORD(Place.ENVIRONMENT, "text", "none", "The password for Redis; the file is safer."),
  ADMIN(
      Place.ENVIRONMENT,
      "on, off or host:port",
      "off",
      "The address of the admin service of servers and clients with Holdfast, of gateways and"
          + " control planes; on is a free port of loopback."),
  ADMIN_TOKEN_FILE(
      Place.FILE,
      "path",
      "none",
      "A file whose content readers of the admin service must present, at least 16 characters;"
          + " read for each request."),
  ADMIN_CERT_FILE(
      Place.ENVIRONMENT, "path", "none", "The certificate of the admin service, as PEM."),
  ADMIN_KEY_FILE(
      Place.ENVIRONMENT, "path", "none", "The private key of the admin service, as PEM."),
  ADMIN_CLIENT_CA_FILE(
      Place.ENVIRONMENT,
      "path",
      "none",
      "The authorities of the certificates that readers of the admin service must present, as"
          + " PEM."),
  HEALTH(
      Place.FILE,
      "auto, grpc, grpc-tls or tcp",
      "auto",
      "What is asked before an instance is registered and while it is."),
  HEALTH_SERVICE(Place.FILE, "name", "the whole server", "The service whose health is asked for."),
  PROBE_INTERVAL(SettingDurations.PROBE_INTERVAL),
  HEALTH_TIMEOUT(SettingDurations.HEALTH_TIMEOUT),
  READY_TIMEOUT(SettingDurations.READY_TIMEOUT),
  REQUEST_TIMEOUT(SettingDurations.REQUEST_TIMEOUT),
  SPREAD(SettingDurations.SPREAD),
  STOP_TIMEOUT(SettingDurations.STOP_TIMEOUT),
  INSTANCE(Place.ENVIRONMENT, "text", "the address", "The name that the example server goes by."),
  CONFIG(Place.ENVIRONMENT, "path", "none", "The YAML file with defaults."),
  JAVA_OPTS(
      Place.ENVIRONMENT, "words", "none", "Options for the Java machine that ./holdfast starts."),
  ARCHIVE(
      Place.ENVIRONMENT,
      "off",
      "used",
      "off keeps the launcher from making and using an archive of classes, with which the program"
          + " starts faster.");

  /** The prefix of every environment variable of the program. */
  public static final String VARIABLE_PREFIX = "HOLDFAST_";

  private enum Place {
    ENVIRONMENT,
    FILE
  }

  private final Place place;
  private final String expected;
  private final String defaultValue;
  private final String meaning;

  Setting(Place place, String expected, String defaultValue, String meaning) {
    this.place = place;
    this.expected = expected;
    this.defaultValue = defaultValue;
    this.meaning = meaning;
  }

  Setting(Tunable value) {
    this(Place.FILE, value.expected(), value.defaultText(), value.meaning());
  }

  /** The name in the YAML file. */
  public String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The name of the environment variable. */
  public String variable() {
    return VARIABLE_PREFIX + name();
  }

  /** Whether the YAML file may set it; secrets and what concerns the start alone may not. */
  public boolean isAllowedInFile() {
    return place == Place.FILE;
  }

  /** The description of the values that the setting takes. */
  public String expected() {
    return expected;
  }

  /** The default value as text for the documents. */
  public String defaultValue() {
    return defaultValue;
  }

  /** The meaning of the setting, as one sentence for the documents. */
  public String meaning() {
    return meaning;
  }

  /**
   * The setting that gives an option such as {@code --registry} its default. {@code --admin} of
   * gateway and control plane has none: it is the address of their page, and {@link #ADMIN} that of
   * the admin service of any process.
   */
  public static Optional<Setting> ofOption(String option) {
    return Arrays.stream(values())
        .filter(s -> s != ADMIN && option.equals("--" + s.key()))
        .findFirst();
  }

  static Optional<Setting> ofKey(String key) {
    return Arrays.stream(values())
        .filter(s -> s.isAllowedInFile() && s.key().equals(key))
        .findFirst();
  }

  static List<String> keys() {
    return Arrays.stream(values()).filter(Setting::isAllowedInFile).map(Setting::key).toList();
  }

  static List<String> variables() {
    return Arrays.stream(values()).map(Setting::variable).toList();
  }
}
