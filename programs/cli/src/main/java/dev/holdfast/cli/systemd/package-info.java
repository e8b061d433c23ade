/** Notifications of the service manager that started the program. */
@NullMarked
package dev.holdfast.cli.systemd;

import org.jspecify.annotations.NullMarked;
