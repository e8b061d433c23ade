package dev.holdfast.grpc;

import dev.holdfast.grpc.internal.resolver.RegistryNameResolverProvider;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.NameResolverRegistry;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The liveness of programs that have the jar on their class path and no Holdfast code. */
final class ZeroCodeSettings {
  private static final Logger log = LoggerFactory.getLogger(ZeroCodeSettings.class);
  private static final String GRPC_NETTY = "io.grpc.netty.NettyChannelBuilder";
  private static final AtomicBoolean said = new AtomicBoolean();
  private static final AtomicBoolean saidWithoutNetty = new AtomicBoolean();

  private ZeroCodeSettings() {}

  /** Whether the environment asks for liveness or streams. */
  static boolean isEnabled() {
    return isLivenessEnabled() || StreamsSetting.isOn();
  }

  /**
   * Whether the environment asks for liveness or streams, and grpc-netty is there to have them;
   * logs once per process if it is not.
   */
  static boolean isAvailable() {
    if (!isEnabled()) {
      return false;
    }
    try {
      Class.forName(GRPC_NETTY, false, ZeroCodeSettings.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      if (saidWithoutNetty.compareAndSet(false, true)) {
        log.warn(
            "event=liveness_unavailable missing=io.grpc:grpc-netty"
                + " expected=\"on the class path, or holdfast-grpc-netty-shaded instead of"
                + " holdfast-grpc where grpc-netty-shaded is\"");
      }
      return false;
    }
  }

  /** Whether it asks for liveness. */
  static boolean isLivenessEnabled() {
    return PathSetting.value(System.getenv()).filter(text -> !PathSetting.isOff(text)).isPresent();
  }

  /**
   * The liveness options that the environment sets; logs them once per process.
   *
   * @throws IllegalArgumentException when a setting is malformed
   */
  static LivenessOptions options() {
    LivenessOptions options = PathSetting.liveness(System.getenv()).orElse(LivenessOptions.DEFAULT);
    if (said.compareAndSet(false, true)) {
      log.info(
          "event=liveness_on path={} idle={} safe_idle={} off_by=\"{}=off\"",
          PathSetting.value(System.getenv()).orElse(""),
          options.idle(),
          options.safeIdle(),
          PathSetting.VARIABLE);
    }
    return options;
  }

  /** Whether a registry on the class path, rather than grpc-java itself, resolves a target. */
  static boolean isRegistryTarget(String target) {
    int scheme = target.indexOf("://");
    return scheme > 0
        && NameResolverRegistry.getDefaultRegistry()
                .getProviderForScheme(target.substring(0, scheme))
            instanceof RegistryNameResolverProvider;
  }

  /** The name of a meter's tag: of a target only what can't be a secret. */
  static String serviceIn(String target) {
    String path = target.replaceFirst("[?#].*", "");
    String last = path.substring(path.lastIndexOf('/') + 1);
    return last.substring(last.lastIndexOf('@') + 1);
  }
}
