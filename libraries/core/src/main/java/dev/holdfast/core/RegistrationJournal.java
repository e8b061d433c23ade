package dev.holdfast.core;

import dev.holdfast.core.RegistryException.Kind;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The log of one registration's events. Confined to the scheduler. */
final class RegistrationJournal {
  // What an operator filters by is the registration, not who writes of it.
  private static final Logger log = LoggerFactory.getLogger(InstanceRegistration.class);

  private final Registry registry;
  private final ServiceName service;
  private final String address;
  private @Nullable Kind loggedKind;

  RegistrationJournal(Registry registry, ServiceName service, String address) {
    this.registry = registry;
    this.service = service;
    this.address = address;
  }

  /** INFO for what an operator acts on; an outage of hours is said once and not at each attempt. */
  void changed(
      Registration.State before, Registration.State state, @Nullable RegistryException cause) {
    String message = "event=registration_state registry={} service={} address={} from={} to={}{}";
    String why =
        cause == null
            ? ""
            : " kind=" + cause.kind() + " cause=\"" + LogText.of(cause.getMessage()) + "\"";
    Object[] fields = {registry.describe(), service, address, before, state, why};
    Kind kind = cause == null ? null : cause.kind();
    switch (state) {
      case CONFLICT ->
          log.warn(message + " code=" + CloseReason.REGISTRATION_CONFLICT.code(), fields);
      case FAILED ->
          log.error(message + " code=" + CloseReason.REGISTRATION_UNSUPPORTED.code(), fields);
      case ANNOUNCING -> log.debug(message, fields);
      case WAITING -> {
        if (kind == loggedKind) {
          log.debug(message, fields);
        } else {
          log.warn(message, fields);
        }
      }
      case VISIBLE, WITHDRAWING, ABSENT -> log.info(message, fields);
    }
    if (state != Registration.State.ANNOUNCING) {
      loggedKind = kind;
    }
  }
}
