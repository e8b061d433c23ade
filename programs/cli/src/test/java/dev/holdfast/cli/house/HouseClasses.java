package dev.holdfast.cli.house;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.Source;
import com.tngtech.archunit.core.importer.ClassFileImporter;

/**
 * The classes of all rooms on this class path, with what they refer to. They are read once for all
 * tests of a JVM, as that takes seconds.
 */
final class HouseClasses {
  private static final JavaClasses ALL = new ClassFileImporter().importPackages("dev.holdfast");
  private static final JavaClasses MAIN =
      ALL.that(DescribedPredicate.describe("are main classes", HouseClasses::isMain));

  private HouseClasses() {}

  /** All classes, those of tests too. */
  static JavaClasses all() {
    return ALL;
  }

  /** The classes without those of tests. */
  static JavaClasses main() {
    return MAIN;
  }

  /** ArchUnit's own option knows Maven's default directories only, and no test-jar. */
  private static boolean isMain(JavaClass type) {
    String place = type.getSource().map(Source::getUri).map(Object::toString).orElse("");
    return !place.contains("/test-classes/") && !place.contains("-tests.jar");
  }
}
