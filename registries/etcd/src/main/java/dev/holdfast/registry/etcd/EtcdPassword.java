package dev.holdfast.registry.etcd;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.Scheduler;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The password of a cluster's user, wherever it is kept, for all members. On the scheduler only.
 */
final class EtcdPassword {
  private final EtcdCredentials credentials;
  private final BackgroundRead<String> file;

  EtcdPassword(EtcdCredentials credentials, Scheduler scheduler) {
    this.credentials = credentials;
    this.file = new BackgroundRead<>(scheduler, credentials::readPassword);
  }

  String user() {
    return credentials.user();
  }

  /** Calls exactly one of the two: the first at once where no file is to be read, else later. */
  void ask(
      Duration timeout,
      Consumer<? super String> onPassword,
      Consumer<? super EtcdException> onFailure) {
    Optional<String> known = credentials.password();
    if (known.isPresent()) {
      onPassword.accept(known.get());
      return;
    }
    file.request(
        timeout,
        onPassword,
        failure ->
            onFailure.accept(
                new EtcdException(
                    EtcdError.PASSWORD_REFUSED,
                    EtcdCredentials.PASSWORD_FILE
                        + ": can't be read: "
                        + IoErrorText.withFile(failure),
                    failure)));
  }
}
