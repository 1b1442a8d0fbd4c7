package oriel.hypervisor.device.virtio;

import oriel.hypervisor.display.DisplayInput;

/** Input that goes nowhere. */
enum NoInput implements DisplayInput {
    INSTANCE;

    @Override
    public void key(int scanCode, boolean down) {}

    @Override
    public void pointer(int x, int y, int buttons) {}

    @Override
    public void wheel(int vertical, int horizontal) {}

    @Override
    public void clipboard(String text) {}

    @Override
    public void releaseAll() {}
}
