package dev.holdfast.cli.gateway;

import dev.holdfast.cli.systemd.ServiceNotifier;
import dev.holdfast.yaml.FileWatch;

/** The notices of a reload to the service manager: each text ends the reload that asked for it. */
final class ReloadNotice implements FileWatch.FileTextListener {
  private final FileWatch.FileTextListener reload;
  private final ServiceNotifier notifier;

  ReloadNotice(FileWatch.FileTextListener reload, ServiceNotifier notifier) {
    this.reload = reload;
    this.notifier = notifier;
  }

  @Override
  public void onText(String text) {
    try {
      reload.onText(text);
    } catch (RuntimeException e) {
      // Of a refusal the watch tells next; any other failure leaves the last configuration as well.
      notifier.ready("the configuration failed, the last one stays");
      throw e;
    }
    notifier.ready("the configuration was applied");
  }

  @Override
  public void onRejected(String reason) {
    reload.onRejected(reason);
    notifier.ready("the configuration was refused, the last one stays: " + firstLine(reason));
  }

  @Override
  public String emptyText() {
    return reload.emptyText();
  }

  /** A line of its own would be another assignment. */
  private static String firstLine(String reason) {
    return reason.lines().findFirst().orElse("");
  }
}
