package dev.holdfast.cli.house;

import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.properties.CanBeAnnotated.Predicates;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.annotation.Limit;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Every constant that is marked as a {@link Limit}, as tables by room. */
final class LimitTable {
  private static final String ROOT = "dev.holdfast.";
  private static final long KIB = 1024;

  private LimitTable() {}

  static String text() {
    Map<String, StringBuilder> rooms = new TreeMap<>();
    HouseClasses.all().stream()
        .flatMap(type -> type.getFields().stream())
        .filter(Predicates.annotatedWith(Limit.class))
        .sorted(Comparator.comparing(JavaField::getFullName))
        .forEach(
            field ->
                rooms.computeIfAbsent(room(field), LimitTable::head).append(row(field.reflect())));
    return String.join("\n", rooms.values());
  }

  private static StringBuilder head(String room) {
    return new StringBuilder("## ")
        .append(room)
        .append(
            "\n\n| what is bounded | limit | at the limit | in the code |\n|---|---|---|---|\n");
  }

  private static String row(Field field) {
    Limit limit = field.getAnnotation(Limit.class);
    return "| %s | %s | %s | `%s.%s` |\n"
        .formatted(
            limit.of(),
            value(field),
            limit.then(),
            field.getDeclaringClass().getName().replaceFirst(".*\\.", "").replace('$', '.'),
            field.getName());
  }

  static String value(Field field) {
    try {
      field.setAccessible(true);
      return text(field.getName(), field.get(null));
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(field + " (expected: a static constant)", e);
    }
  }

  private static String text(String name, Object value) {
    if (value instanceof Duration time) {
      return time.toMillis() == 0 ? time.toNanos() / 1000 + " us" : DurationText.format(time);
    }
    long number = ((Number) value).longValue();
    if (!name.endsWith("BYTES")) {
      return String.format(Locale.ROOT, "%,d", number);
    }
    if (number % KIB != 0) {
      return String.format(Locale.ROOT, "%,d bytes", number);
    }
    return number % (KIB * KIB) == 0 ? number / KIB / KIB + " MiB" : number / KIB + " KiB";
  }

  /** The module of a class: dev.holdfast.registry.etcd.X is in registry-etcd, grpc.X in grpc. */
  private static String room(JavaField field) {
    String within = field.getOwner().getPackageName().substring(ROOT.length());
    return within
        .replaceFirst("^registry\\.", "registry-")
        .replaceFirst("^streams\\.redis", "streams-redis")
        .replaceFirst("^duplex\\.conformance", "duplex-conformance")
        .replaceFirst("^spring\\.boot\\.starter", "spring-boot-starter")
        .replaceFirst("\\..*", "");
  }
}
