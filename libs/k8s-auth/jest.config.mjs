import { jestConfig } from '../../jest.preset.mjs';

export default jestConfig('k8s-auth');
