import { Route, Routes } from 'react-router';
import '../admin/admin.css';
import { NotFoundPage } from '../app/NotFoundPage';
import { Shell } from '../app/Shell';
import { FindPage } from './FindPage';
import './helpdesk.css';
import { PersonPage } from './PersonPage';

export default function HelpdeskArea() {
  return (
    <Shell>
      <Routes>
        <Route index element={<FindPage />} />
        <Route path=":username" element={<PersonPage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Routes>
    </Shell>
  );
}
