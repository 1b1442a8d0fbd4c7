import { cleanup, configure } from '@testing-library/react';
import { afterEach } from 'vitest';

// A failed query prints the whole page otherwise, and a loaded machine is slower than a second.
configure({ asyncUtilTimeout: 10_000, getElementError: (message) => new Error(message ?? '') });
afterEach(cleanup);
