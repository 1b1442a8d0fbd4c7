/** virtio 1.2 over PCI: transport, queues and devices. */
@NullMarked
package oriel.hypervisor.device.virtio;

import org.jspecify.annotations.NullMarked;
