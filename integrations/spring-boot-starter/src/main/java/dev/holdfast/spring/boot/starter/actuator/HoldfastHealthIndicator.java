package dev.holdfast.spring.boot.starter.actuator;

import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.spring.boot.starter.actuator.ApplicationStatus.RegistrationStatus;
import dev.holdfast.spring.boot.starter.actuator.ApplicationStatus.ServerStatus;
import dev.holdfast.spring.boot.starter.actuator.ApplicationStatus.ServiceList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * The health contributor {@code holdfast}.
 *
 * <p>UP while each followed service has a list and each record is visible; a list may be stale, as
 * the last good one stays in use. Otherwise UNKNOWN, and never DOWN: an application that is taken
 * out of service because its registry is away would add an outage to an outage.
 */
final class HoldfastHealthIndicator extends AbstractHealthIndicator {
  private final ApplicationStatus status;

  HoldfastHealthIndicator(ApplicationStatus status) {
    super("the status of Holdfast can't be read");
    this.status = status;
  }

  @Override
  protected void doHealthCheck(Health.Builder builder) {
    List<ServiceList> lists = status.lists();
    List<RegistrationStatus> registrations =
        status.servers().stream().map(ServerStatus::registrations).flatMap(List::stream).toList();
    boolean isKnown =
        lists.stream().noneMatch(list -> list.state() == EndpointListState.UNKNOWN)
            && registrations.stream()
                .allMatch(record -> record.state() == RegistrationState.VISIBLE);
    if (isKnown) {
      builder.up();
    } else {
      builder.unknown();
    }
    Map<String, Object> shownLists = new LinkedHashMap<>();
    lists.forEach(list -> shownLists.put(list.registry() + " " + list.service(), details(list)));
    Map<String, Object> shownRecords = new LinkedHashMap<>();
    registrations.forEach(record -> shownRecords.put(record.target(), details(record)));
    builder.withDetail("lists", shownLists).withDetail("registrations", shownRecords);
  }

  private static Map<String, Object> details(ServiceList list) {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("state", list.state());
    details.put("endpoints", list.endpoints().size() + list.more());
    if (list.ageSeconds() != null) {
      details.put("ageSeconds", list.ageSeconds());
    }
    return details;
  }

  private static Map<String, Object> details(RegistrationStatus record) {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("state", record.state());
    if (record.address() != null) {
      details.put("address", record.address());
    }
    if (record.failure() != null) {
      details.put("failure", record.failure());
    }
    return details;
  }
}
