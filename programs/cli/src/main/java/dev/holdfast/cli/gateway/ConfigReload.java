package dev.holdfast.cli.gateway;

import dev.holdfast.core.RegistryException;
import dev.holdfast.gateway.admin.ConfigStatus;
import dev.holdfast.gateway.config.GatewayConfig;
import dev.holdfast.yaml.FileWatch;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The reload of a gateway's configuration: applies each new text of the file and logs the result.
 */
final class ConfigReload implements FileWatch.FileTextListener {
  private static final Logger log = LoggerFactory.getLogger(ConfigReload.class);

  private final GatewayFile file;
  private final GatewayConfig first;
  private final Consumer<GatewayConfig> gateway;
  private final ConfigStatus status;
  private GatewayConfig last;

  /** The first configuration is the one that the gateway was started with. */
  ConfigReload(
      GatewayFile file, GatewayConfig first, Consumer<GatewayConfig> gateway, ConfigStatus status) {
    this.status = status;
    this.file = file;
    this.first = first;
    this.gateway = gateway;
    this.last = first;
  }

  @Override
  public void onText(String text) {
    GatewayConfig config = file.parsed(text, last.filesInUse());
    try {
      gateway.accept(config);
    } catch (RegistryException e) {
      throw new IllegalArgumentException("registry: " + e.getMessage(), e);
    }
    status.onApplied(text, config);
    last = config;
    log.info(
        "event=config_accepted file={} routes={} clusters={}",
        file.path(),
        config.routes().size(),
        config.clusters().size());
    if (config.hasNoUpstreams()) {
      log.warn(
          "event=config_without_clusters file={} cause=\"{}\"",
          file.path(),
          GatewayFile.NO_CLUSTERS);
    }
    List<String> keys = new ArrayList<>();
    if (!config.drain().equals(first.drain())) {
      keys.add("drain");
    }
    if (!config.observability().admin().equals(first.observability().admin())
        || config.observability().adminOff() != first.observability().adminOff()) {
      keys.add("admin");
    }
    if (!config.observability().accessLog().equals(first.observability().accessLog())) {
      keys.add("access-log");
    }
    if (!keys.isEmpty()) {
      log.warn("event=config_needs_restart file={} keys={}", file.path(), String.join(",", keys));
    }
  }

  @Override
  public void onRejected(String reason) {
    status.onRefused(reason);
    log.warn(
        "event=config_refused file={} kept=last_good reason=\"{}\"",
        file.path(),
        reason.replace('\n', ' '));
  }
}
