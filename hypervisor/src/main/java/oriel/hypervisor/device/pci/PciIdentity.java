package oriel.hypervisor.device.pci;

/**
 * Read-only part of a configuration header (PCI Local Bus 3.0 §6.2.1).
 *
 * @param vendor vendor ID, 16 bits
 * @param device device ID, 16 bits
 * @param classCode base class, sub-class and programming interface: 24 bits
 * @param revision 8 bits
 * @param subsystemVendor 16 bits
 * @param subsystem 16 bits
 * @param interruptPin whether the function drives INTA#
 */
public record PciIdentity(
        int vendor,
        int device,
        int classCode,
        int revision,
        int subsystemVendor,
        int subsystem,
        boolean interruptPin) {}
